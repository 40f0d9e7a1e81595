// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title Blobs by content hash: who stores them, where, and what happens when they are withheld.
interface IDataRegistry {
    struct Blob {
        address owner;
        uint64 length; // bytes
        uint64 registeredAt; // block
        bytes32 chunkRoot; // Merkle root over keccak256(index ‖ chunk) of 1,024-byte chunks
    }

    event GatewaySet(address indexed provider, string gateway);
    event BlobRegistered(bytes32 indexed blobId, address indexed owner, uint256 length, bytes32 chunkRoot);
    event AvailabilityConfirmed(bytes32 indexed blobId, address indexed node, uint256 receipts);
    event ChunkRequested(bytes32 indexed blobId, address indexed provider, uint256 index, address requester, uint256 deadline);
    event ChunkAnswered(bytes32 indexed blobId, address indexed provider, uint256 index);
    event Withheld(bytes32 indexed blobId, address indexed provider, uint256 index, uint256 penalty);

    error BlobUnknown(bytes32 blobId);
    error BlobKnown(bytes32 blobId);
    error ChunkProofWrong(bytes32 blobId, uint256 index);
    error RequestUnknown(bytes32 requestId);
    error RequestOpen(bytes32 requestId);
    error ReceiptKnown(bytes32 blobId, address node);
    error ReceiptUnsecured(address node, uint256 freeStake, uint256 needed);
    error FeeWrong(uint256 sent, uint256 needed);

    /// @notice Base URL of the caller's data node; a blob is at gateway ‖ lower-case hex of its id. At most 256 bytes.
    function setGateway(string calldata gateway) external;

    function gatewayOf(address provider) external view returns (string memory);

    /// @notice Where `provider` serves `blobId`; `ogpu:blob:<hex>` when it has no gateway.
    function urlOf(address provider, bytes32 blobId) external view returns (string memory);

    /// @notice Binds a blob id (hash of the content) to its length and chunk root. First caller owns the entry.
    function register(bytes32 blobId, uint64 length, bytes32 chunkRoot) external;

    function blob(bytes32 blobId) external view returns (Blob memory);

    /// @notice Availability receipt: the caller, who is not the owner and has free stake, holds a copy of the blob too and
    /// answers for it like the owner. Once for each node.
    function confirmAvailability(bytes32 blobId) external;

    /// @notice How many nodes besides the owner confirmed that they hold the blob.
    function receiptsOf(bytes32 blobId) external view returns (uint256);

    /// @notice Block of a node's receipt; zero: none.
    function receiptOf(bytes32 blobId, address node) external view returns (uint256);

    /// @notice Asks the owner of a blob to publish one chunk on chain; pays `requestFee()` which the answer earns.
    function requestChunk(bytes32 blobId, uint256 index) external payable returns (bytes32 requestId);

    /// @notice The same of a node that gave a receipt.
    function requestChunkFrom(bytes32 blobId, uint256 index, address node) external payable returns (bytes32 requestId);

    function answerChunk(bytes32 requestId, bytes calldata chunk, bytes32[] calldata proof) external;

    /// @notice After the deadline without an answer: fee back to the requester, penalty from the owner's lockup. Anybody.
    function punish(bytes32 requestId) external;

    function requestFee() external view returns (uint256);
}
