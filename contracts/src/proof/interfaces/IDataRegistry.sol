// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title Blobs by content hash: who stores them, where, and what happens when they are withheld.
interface IDataRegistry {
    /// @notice What is known of a blob; the content itself is off chain.
    struct Blob {
        address owner;
        uint64 length; // bytes
        uint64 registeredAt; // block
        bytes32 chunkRoot; // Merkle root over keccak256(index ‖ chunk) of 1,024-byte chunks
    }

    /// @notice `provider` serves its blobs under another base URL from now on; empty: under none.
    event GatewaySet(address indexed provider, string gateway);

    /// @notice A blob got an owner, who answers for it for 100,000 blocks.
    /// @param length bytes
    event BlobRegistered(bytes32 indexed blobId, address indexed owner, uint256 length, bytes32 chunkRoot);

    /// @notice `node` gave a receipt: it holds the blob too. `receipts` counts all of them.
    event AvailabilityConfirmed(bytes32 indexed blobId, address indexed node, uint256 receipts);

    /// @notice `provider` has to publish chunk `index` up to block `deadline`.
    /// @param provider owner of the blob or node with a receipt
    /// @param requester who paid the fee, and gets it back when nobody answers
    event ChunkRequested(bytes32 indexed blobId, address indexed provider, uint256 index, address requester, uint256 deadline);

    /// @notice The demanded chunk is in the calldata of this transaction.
    event ChunkAnswered(bytes32 indexed blobId, address indexed provider, uint256 index);

    /// @notice Nobody answered in time; `penalty` wei of the provider's lockup were slashed (zero: it had no free stake
    /// when it was asked).
    event Withheld(bytes32 indexed blobId, address indexed provider, uint256 index, uint256 penalty);

    /// @notice The blob was never registered, the node gave no receipt for it, or its time to answer (100,000 blocks)
    /// is over.
    error BlobUnknown(bytes32 blobId);

    /// @notice The blob has an owner already.
    error BlobKnown(bytes32 blobId);

    /// @notice No such chunk, more than 1,024 bytes, or the proof does not lead to the chunk root.
    error ChunkProofWrong(bytes32 blobId, uint256 index);

    /// @notice No such request, or it was answered or punished.
    error RequestUnknown(bytes32 requestId);

    /// @notice The same chunk is demanded of the same node already; or, from `punish`, the deadline has not passed.
    error RequestOpen(bytes32 requestId);

    /// @notice The node owns the blob or gave a receipt before.
    error ReceiptKnown(bytes32 blobId, address node);

    /// @notice A receipt needs `needed` wei of lockup that is not reserved.
    error ReceiptUnsecured(address node, uint256 freeStake, uint256 needed);

    /// @notice The value sent is not `requestFee()`.
    error FeeWrong(uint256 sent, uint256 needed);

    /// @notice Base URL of the caller's data node; a blob is at gateway ‖ lower-case hex of its id. At most 256 bytes
    /// (TextTooLong). Anybody.
    function setGateway(string calldata gateway) external;

    /// @notice Base URL of the data node of `provider`; empty: none.
    function gatewayOf(address provider) external view returns (string memory);

    /// @notice Where `provider` serves `blobId`; `ogpu:blob:<hex>` when it has no gateway.
    function urlOf(address provider, bytes32 blobId) external view returns (string memory);

    /// @notice Binds a blob id to its length and chunk root. The first caller owns the entry, for ever, and answers for
    /// it; BlobKnown, LengthZero.
    /// @param blobId hash of the content
    /// @param length bytes, not zero
    /// @param chunkRoot Merkle root over `keccak256(abi.encodePacked(uint256(index), chunk))` of 1,024-byte chunks,
    /// pairs sorted
    function register(bytes32 blobId, uint64 length, bytes32 chunkRoot) external;

    /// @notice What is known of a blob; `owner` is zero when it was never registered.
    function blob(bytes32 blobId) external view returns (Blob memory);

    /// @notice Availability receipt: the caller, who is not the owner and has free stake of the penalty (1 OGPU), holds
    /// a copy of the blob too and answers for it like the owner. Once for each node; BlobUnknown, ReceiptKnown,
    /// ReceiptUnsecured.
    function confirmAvailability(bytes32 blobId) external;

    /// @notice How many nodes besides the owner confirmed that they hold the blob.
    function receiptsOf(bytes32 blobId) external view returns (uint256);

    /// @notice Block of a node's receipt; zero: none.
    function receiptOf(bytes32 blobId, address node) external view returns (uint256);

    /// @notice Asks the owner of a blob to publish one chunk on chain within 180 blocks. Anybody, with `requestFee()`
    /// wei, which the answer earns. Reserves the penalty of the owner's lockup when it has so much. BlobUnknown,
    /// ChunkProofWrong, FeeWrong, RequestOpen.
    /// @param index of the chunk, from zero
    /// @return requestId `keccak256(abi.encode(blobId, index, owner))`
    function requestChunk(bytes32 blobId, uint256 index) external payable returns (bytes32 requestId);

    /// @notice The same of a node that gave a receipt.
    /// @param index of the chunk, from zero
    /// @return requestId `keccak256(abi.encode(blobId, index, node))`
    function requestChunkFrom(bytes32 blobId, uint256 index, address node) external payable returns (bytes32 requestId);

    /// @notice Publishes a demanded chunk; the fee becomes the caller's balance in the Vault. Anybody, also after the
    /// deadline as long as `punish` was not called; RequestUnknown, ChunkProofWrong.
    /// @param chunk at most 1,024 bytes
    /// @param proof siblings from the leaf up to the chunk root
    function answerChunk(bytes32 requestId, bytes calldata chunk, bytes32[] calldata proof) external;

    /// @notice After the deadline without an answer: the fee becomes the requester's balance in the Vault, 1 OGPU of the
    /// lockup of who was asked is slashed when it could be reserved. Anybody; RequestUnknown, RequestOpen.
    function punish(bytes32 requestId) external;

    /// @notice Wei that a request costs.
    function requestFee() external view returns (uint256);
}
