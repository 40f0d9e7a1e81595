// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {ITerminal} from "../market/interfaces.sol";
import {IReceiptBatches} from "./interfaces/IReceiptBatches.sol";

/// @title Implementation of IReceiptBatches, whose comments say what each function does.
contract ReceiptBatches is IReceiptBatches {
    ITerminal public immutable terminal;

    mapping(address provider => mapping(bytes32 root => Batch)) private _batches;

    /// @notice The caller may not act for `provider`, or `provider` is not paired.
    error NotActor(address provider, address caller);

    constructor(address terminal_) {
        terminal = ITerminal(terminal_);
    }

    /// @inheritdoc IReceiptBatches
    function postReceiptBatch(
        address provider,
        bytes32 root,
        bytes32 programId,
        uint32 count,
        uint128 total,
        bytes32 blobId
    ) external {
        if (!terminal.canActFor(provider, msg.sender)) revert NotActor(provider, msg.sender);
        if (count == 0 || root == 0) revert BatchEmpty();
        if (_batches[provider][root].count != 0) revert BatchKnown(root);
        _batches[provider][root] = Batch(count, uint64(block.number), total);
        emit ReceiptBatchPosted(provider, root, programId, count, total, blobId);
    }

    /// @inheritdoc IReceiptBatches
    function batch(address provider, bytes32 root) external view returns (Batch memory) {
        return _batches[provider][root];
    }

    /// @inheritdoc IReceiptBatches
    function isIncluded(address provider, bytes32 root, bytes32 leaf, bytes32[] calldata proof)
        external
        view
        returns (bool)
    {
        return _batches[provider][root].count != 0 && MerkleProof.verifyCalldata(proof, root, leaf);
    }
}
