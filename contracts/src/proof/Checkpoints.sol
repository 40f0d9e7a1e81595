// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ITerminal, IVault} from "../market/interfaces.sol";
import {Predeploys} from "../system/Predeploys.sol";
import {IDataRegistryLayer, IProofManagerLayer} from "./ILayer.sol";
import {ICheckpoints} from "./interfaces/ICheckpoints.sol";
import {IPolicyRegistry, Policy} from "./interfaces/IPolicyRegistry.sol";
import {IProofManager} from "./interfaces/IProofManager.sol";
import {IProofTypes} from "./interfaces/IProofTypes.sol";

/// @title Implementation of ICheckpoints, whose comments say what each function does.
contract Checkpoints is ICheckpoints {
    struct Credit {
        address provider;
        uint64 steps;
    }

    ITerminal public immutable terminal;
    IVault public immutable vault;

    mapping(address task => Checkpoint) private _latest;
    mapping(address task => mapping(uint8 retried => Credit[])) private _credits;

    constructor(address terminal_, address vault_) {
        terminal = ITerminal(terminal_);
        vault = IVault(vault_);
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
        // Also proves that the provider is seated and still at work.
        (uint256 policyId, uint8 retried) = IProofManagerLayer(Predeploys.PROOF_MANAGER).touch(task, provider);
        Checkpoint memory last = _latest[task];
        if (last.retried != retried) delete last;
        if (seq != last.seq + 1) revert CheckpointOutOfOrder(task, seq, last.seq + 1);
        if (prevRoot != last.stateRoot || stepsDone < last.stepsDone) {
            revert CheckpointBroken(task, prevRoot, last.stateRoot);
        }
        _requireAllowed(policyId, stepsDone, blobId);
        _latest[task] =
            Checkpoint(provider, seq, retried, stepsDone, uint64(block.number), meter, stateRoot, blobId);
        _credit(_credits[task][retried], provider, stepsDone - last.stepsDone);
        emit CheckpointPosted(task, provider, seq, stateRoot, prevRoot, stepsDone, meter, blobId);
    }

    /// @inheritdoc ICheckpoints
    function discard(address task) external {
        (address client,) = vault.escrowOf(task);
        if (client == address(0) || client != msg.sender) revert CheckpointNotClient(task, msg.sender);
        IProofTypes.TaskView memory state = IProofManager(Predeploys.PROOF_MANAGER).taskState(task);
        if (state.phase != IProofTypes.Phase.Open || state.seats != 0) {
            revert IProofTypes.WrongPhase(task, state.phase);
        }
        emit CheckpointsDiscarded(task, _latest[task].seq);
        delete _latest[task];
        delete _credits[task][state.retried];
    }

    /// @inheritdoc ICheckpoints
    function latest(address task) external view returns (Checkpoint memory) {
        return _latest[task];
    }

    /// @inheritdoc ICheckpoints
    function creditsOf(address task, uint8 retried)
        external
        view
        returns (address[] memory providers, uint256[] memory steps)
    {
        Credit[] storage credits = _credits[task][retried];
        providers = new address[](credits.length);
        steps = new uint256[](credits.length);
        for (uint256 i = 0; i < credits.length; i++) (providers[i], steps[i]) = (credits[i].provider, credits[i].steps);
    }

    function _requireAllowed(uint256 policyId, uint256 stepsDone, bytes32 blobId) private view {
        Policy memory p = IPolicyRegistry(Predeploys.POLICY_REGISTRY).policy(policyId);
        if (p.checkpointBps > 0 && stepsDone > p.checkpointSteps) revert CheckpointTooFar(stepsDone, p.checkpointSteps);
        if (p.checkpointReceipts == 0) return;
        uint256 receipts = IDataRegistryLayer(Predeploys.DATA_REGISTRY).receiptsOf(blobId);
        if (receipts < p.checkpointReceipts) revert CheckpointUnavailable(blobId, receipts, p.checkpointReceipts);
    }

    /// @dev A provider has at most one seat in a task's life, so the list is as long as seats were offered.
    function _credit(Credit[] storage credits, address provider, uint64 steps) private {
        uint256 count = credits.length;
        if (count > 0 && credits[count - 1].provider == provider) credits[count - 1].steps += steps;
        else credits.push(Credit(provider, steps));
    }
}
