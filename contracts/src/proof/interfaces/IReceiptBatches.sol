// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title Merkle roots over signed receipts of micro-tasks: one transaction for any number of results.
/// @notice Leaf: `keccak256(bytes.concat(keccak256(abi.encode(inputHash, outputHash, timestamp, …))))`; pairs are hashed
/// sorted (OpenZeppelin MerkleProof). The leaf's content is agreed between client and provider.
interface IReceiptBatches {
    /// @notice What the chain keeps of a batch.
    /// @dev One slot. The program and the blob with all leaves are in the log only.
    struct Batch {
        uint32 count; // zero: unknown
        uint64 blockNumber;
        uint128 total; // wei that the receipts add up to
    }

    /// @notice A provider posted a batch.
    /// @param root Merkle root over the leaves
    /// @param programId program that made the results; not checked
    /// @param count number of receipts
    /// @param total wei that they add up to, as the provider says
    /// @param blobId blob with all leaves
    event ReceiptBatchPosted(
        address indexed provider, bytes32 indexed root, bytes32 indexed programId, uint256 count, uint256 total, bytes32 blobId
    );

    /// @notice The provider posted this root before.
    error BatchKnown(bytes32 root);

    /// @notice No receipts, or a root of zero.
    error BatchEmpty();

    /// @notice Posts the root of a batch, once. By the paired provider, its master or an agent (NotActor); BatchKnown,
    /// BatchEmpty. Moves no coins.
    /// @param root Merkle root over the leaves; not zero
    /// @param programId program that made the results; not checked
    /// @param count number of receipts; not zero
    /// @param total wei that they add up to; not checked
    /// @param blobId blob with all leaves
    function postReceiptBatch(address provider, bytes32 root, bytes32 programId, uint32 count, uint128 total, bytes32 blobId)
        external;

    /// @notice A posted batch; `count` is zero when it was not posted.
    function batch(address provider, bytes32 root) external view returns (Batch memory);

    /// @notice True when `leaf` is in the posted batch `root` of `provider`.
    /// @param proof siblings from the leaf up to the root
    function isIncluded(address provider, bytes32 root, bytes32 leaf, bytes32[] calldata proof)
        external
        view
        returns (bool);
}
