// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {IVault} from "../market/interfaces.sol";
import {Predeploys} from "../system/Predeploys.sol";
import {IStakeRouterLayer} from "./ILayer.sol";
import {IDataRegistry} from "./interfaces/IDataRegistry.sol";

/// @title Implementation of IDataRegistry, whose comments say what each function does.
/// @dev No owner, no parameter. Fees of open requests are the only coins here; a request that ends makes its fee balance in
/// the Vault, so that nobody who does not take coins can hold a request, or what is bound by it, open.
contract DataRegistry is IDataRegistry {
    uint256 public constant CHUNK_BYTES = 1_024;
    uint256 public constant ANSWER_BLOCKS = 180;
    /// @notice Blocks for which the owner of a blob must be able to answer.
    uint256 public constant LIABLE_BLOCKS = 100_000;
    uint256 public constant WITHHOLD_PENALTY = 1 ether;
    uint256 public constant requestFee = 0.01 ether;
    uint256 private constant GATEWAY_BYTES_MAX = 256;
    bytes32 private constant REASON = "blob";

    struct Request {
        bytes32 blobId;
        uint256 index;
        address from; // who has to answer
        address requester;
        uint64 deadline;
        bool reserved;
    }

    IVault public immutable vault;

    mapping(address provider => string gateway) public gatewayOf;
    mapping(bytes32 blobId => Blob) private _blobs;
    mapping(bytes32 requestId => Request) public requests;
    mapping(bytes32 blobId => uint256 count) public receiptsOf;
    mapping(bytes32 blobId => mapping(address node => uint256 blockNumber)) public receiptOf;

    /// @notice A gateway of more than 256 bytes.
    error TextTooLong(uint256 length);
    /// @notice A blob without content.
    error LengthZero();

    constructor(address vault_) {
        vault = IVault(vault_);
    }

    /// @inheritdoc IDataRegistry
    function setGateway(string calldata gateway) external {
        if (bytes(gateway).length > GATEWAY_BYTES_MAX) revert TextTooLong(bytes(gateway).length);
        gatewayOf[msg.sender] = gateway;
        emit GatewaySet(msg.sender, gateway);
    }

    /// @inheritdoc IDataRegistry
    function urlOf(address provider, bytes32 blobId) external view returns (string memory) {
        string memory gateway = gatewayOf[provider];
        if (bytes(gateway).length == 0) gateway = "ogpu:blob:";
        return string.concat(gateway, _hex(blobId));
    }

    /// @inheritdoc IDataRegistry
    function register(bytes32 blobId, uint64 length, bytes32 chunkRoot) external {
        if (length == 0) revert LengthZero();
        if (_blobs[blobId].owner != address(0)) revert BlobKnown(blobId);
        _blobs[blobId] = Blob(msg.sender, length, uint64(block.number), chunkRoot);
        emit BlobRegistered(blobId, msg.sender, length, chunkRoot);
    }

    /// @inheritdoc IDataRegistry
    function blob(bytes32 blobId) external view returns (Blob memory) {
        return _blobs[blobId];
    }

    /// @inheritdoc IDataRegistry
    function confirmAvailability(bytes32 blobId) external {
        address owner = _blobs[blobId].owner;
        if (owner == address(0)) revert BlobUnknown(blobId);
        if (msg.sender == owner || receiptOf[blobId][msg.sender] != 0) revert ReceiptKnown(blobId, msg.sender);
        uint256 free = _router().freeStakeOf(msg.sender);
        if (free < WITHHOLD_PENALTY) revert ReceiptUnsecured(msg.sender, free, WITHHOLD_PENALTY);
        receiptOf[blobId][msg.sender] = block.number;
        uint256 count = ++receiptsOf[blobId];
        emit AvailabilityConfirmed(blobId, msg.sender, count);
    }

    /// @inheritdoc IDataRegistry
    function requestChunk(bytes32 blobId, uint256 index) external payable returns (bytes32 requestId) {
        return _request(blobId, index, _blobs[blobId].owner, _blobs[blobId].registeredAt);
    }

    /// @inheritdoc IDataRegistry
    function requestChunkFrom(bytes32 blobId, uint256 index, address node)
        external
        payable
        returns (bytes32 requestId)
    {
        uint256 since = receiptOf[blobId][node];
        return _request(blobId, index, since == 0 ? address(0) : node, since);
    }

    function _request(bytes32 blobId, uint256 index, address from, uint256 since)
        private
        returns (bytes32 requestId)
    {
        Blob storage b = _blobs[blobId];
        if (from == address(0) || block.number > since + LIABLE_BLOCKS) revert BlobUnknown(blobId);
        if (index >= (b.length + CHUNK_BYTES - 1) / CHUNK_BYTES) revert ChunkProofWrong(blobId, index);
        if (msg.value != requestFee) revert FeeWrong(msg.value, requestFee);
        requestId = keccak256(abi.encode(blobId, index, from));
        if (requests[requestId].requester != address(0)) revert RequestOpen(requestId);
        uint64 deadline = uint64(block.number + ANSWER_BLOCKS);
        // An owner without free stake can't be punished; the request still stands and its fee still pays the answer.
        bool reserved = _router().freeStakeOf(from) >= WITHHOLD_PENALTY;
        requests[requestId] = Request(blobId, index, from, msg.sender, deadline, reserved);
        emit ChunkRequested(blobId, from, index, msg.sender, deadline);
        if (reserved) _router().reserve(from, WITHHOLD_PENALTY, REASON);
    }

    /// @inheritdoc IDataRegistry
    function answerChunk(bytes32 requestId, bytes calldata chunk, bytes32[] calldata proof) external {
        Request memory r = requests[requestId];
        if (r.requester == address(0)) revert RequestUnknown(requestId);
        Blob storage b = _blobs[r.blobId];
        bytes32 leaf = keccak256(abi.encodePacked(r.index, chunk));
        if (chunk.length > CHUNK_BYTES || !MerkleProof.verifyCalldata(proof, b.chunkRoot, leaf)) {
            revert ChunkProofWrong(r.blobId, r.index);
        }
        delete requests[requestId];
        emit ChunkAnswered(r.blobId, r.from, r.index);
        if (r.reserved) _router().release(r.from, WITHHOLD_PENALTY, REASON);
        vault.deposit{value: requestFee}(msg.sender);
    }

    /// @inheritdoc IDataRegistry
    function punish(bytes32 requestId) external {
        Request memory r = requests[requestId];
        if (r.requester == address(0)) revert RequestUnknown(requestId);
        if (block.number <= r.deadline) revert RequestOpen(requestId);
        delete requests[requestId];
        emit Withheld(r.blobId, r.from, r.index, r.reserved ? WITHHOLD_PENALTY : 0);
        if (r.reserved) {
            _router().slash(r.from, WITHHOLD_PENALTY, false, address(0), r.requester, new address[](0), 0);
        }
        vault.deposit{value: requestFee}(r.requester);
    }

    /// @dev Lower-case hex without 0x.
    function _hex(bytes32 value) private pure returns (string memory) {
        bytes memory prefixed = bytes(Strings.toHexString(uint256(value), 32));
        bytes memory text = new bytes(64);
        assembly ("memory-safe") {
            mcopy(add(text, 32), add(prefixed, 34), 64)
        }
        return string(text);
    }

    function _router() private pure returns (IStakeRouterLayer) {
        return IStakeRouterLayer(Predeploys.STAKE_ROUTER);
    }
}
