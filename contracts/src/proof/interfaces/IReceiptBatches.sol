// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title Merkle roots over signed receipts of micro-tasks: one transaction for any number of results.
/// @notice Leaf: `keccak256(bytes.concat(keccak256(abi.encode(inputHash, outputHash, timestamp, …))))`; pairs are hashed
/// sorted (OpenZeppelin MerkleProof). The leaf's content is agreed between client and provider.
interface IReceiptBatches {
    /// @dev One slot. The program and the blob with all leaves are in the log only.
    struct Batch {
        uint32 count; // zero: unknown
        uint64 blockNumber;
        uint128 total; // wei that the receipts add up to
    }

    event ReceiptBatchPosted(
        address indexed provider, bytes32 indexed root, bytes32 indexed programId, uint256 count, uint256 total, bytes32 blobId
    );

    error BatchKnown(bytes32 root);
    error BatchEmpty();

    function postReceiptBatch(address provider, bytes32 root, bytes32 programId, uint32 count, uint128 total, bytes32 blobId)
        external;

    function batch(address provider, bytes32 root) external view returns (Batch memory);

    /// @notice True when `leaf` is in the posted batch `root` of `provider`.
    function isIncluded(address provider, bytes32 root, bytes32 leaf, bytes32[] calldata proof)
        external
        view
        returns (bool);
}
