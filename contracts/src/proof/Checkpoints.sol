// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ITerminal} from "../market/interfaces.sol";
import {Predeploys} from "../system/Predeploys.sol";
import {IProofManagerLayer} from "./ILayer.sol";
import {ICheckpoints} from "./interfaces/ICheckpoints.sol";

/// @title Implementation of ICheckpoints, whose comments say what each function does.
contract Checkpoints is ICheckpoints {
    ITerminal public immutable terminal;

    mapping(address task => Checkpoint) private _latest;

    constructor(address terminal_) {
        terminal = ITerminal(terminal_);
    }

    /// @inheritdoc ICheckpoints
    function checkpoint(
        address task,
        address provider,
        uint64 seq,
        bytes32 stateRoot,
        bytes32 prevRoot,
        uint64 stepsDone,
        uint256 meter,
        bytes32 blobId
    ) external {
        if (!terminal.canActFor(provider, msg.sender)) revert CheckpointNotSeated(task, provider);
        Checkpoint storage last = _latest[task];
        if (seq != last.seq + 1) revert CheckpointOutOfOrder(task, seq, last.seq + 1);
        if (prevRoot != last.stateRoot || stepsDone < last.stepsDone) {
            revert CheckpointBroken(task, prevRoot, last.stateRoot);
        }
        _latest[task] =
            Checkpoint(provider, seq, stepsDone, uint64(block.number), meter, stateRoot, blobId);
        emit CheckpointPosted(task, provider, seq, stateRoot, prevRoot, stepsDone, meter, blobId);
        // Also proves that the provider is seated and still at work.
        IProofManagerLayer(Predeploys.PROOF_MANAGER).touch(task, provider);
    }

    /// @inheritdoc ICheckpoints
    function latest(address task) external view returns (Checkpoint memory) {
        return _latest[task];
    }
}
