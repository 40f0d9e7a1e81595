// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title Many calls in one: the interface of the contract at 0xcA11bde05977b3631167028862bE2a173976CA11.
/// @notice Its code is not compiled here: the genesis has the published bytes (genesis/multicall3.ts).
interface Multicall3 {
    /// @notice A call that has to succeed, or for `try…` may fail.
    struct Call {
        address target;
        bytes callData;
    }

    /// @notice A call that says itself whether it may fail.
    struct Call3 {
        address target;
        bool allowFailure;
        bytes callData;
    }

    /// @notice The same with wei to send along.
    struct Call3Value {
        address target;
        bool allowFailure;
        uint256 value;
        bytes callData;
    }

    /// @notice What a call returned; on failure, the revert data.
    struct Result {
        bool success;
        bytes returnData;
    }

    /// @notice Makes all calls or reverts. Anybody, as all here.
    function aggregate(Call[] calldata calls) external payable returns (uint256 blockNumber, bytes[] memory returnData);

    /// @notice Makes all calls; reverts at a failure only with `requireSuccess`.
    function tryAggregate(bool requireSuccess, Call[] calldata calls) external payable returns (Result[] memory returnData);

    /// @notice `tryAggregate` with number and hash of the block.
    function tryBlockAndAggregate(bool requireSuccess, Call[] calldata calls) external payable returns (uint256 blockNumber, bytes32 blockHash, Result[] memory returnData);

    /// @notice `tryBlockAndAggregate` with `requireSuccess`.
    function blockAndAggregate(Call[] calldata calls) external payable returns (uint256 blockNumber, bytes32 blockHash, Result[] memory returnData);

    /// @notice Makes all calls; reverts at a failure of one that does not allow it.
    function aggregate3(Call3[] calldata calls) external payable returns (Result[] memory returnData);

    /// @notice The same with values, which have to add up to the value sent.
    function aggregate3Value(Call3Value[] calldata calls) external payable returns (Result[] memory returnData);

    /// @notice Hash of one of the last 256 blocks; zero for others.
    function getBlockHash(uint256 blockNumber) external view returns (bytes32);

    /// @notice Number of this block.
    function getBlockNumber() external view returns (uint256);

    /// @notice Coinbase of this block.
    function getCurrentBlockCoinbase() external view returns (address);

    /// @notice PREVRANDAO of this block.
    function getCurrentBlockDifficulty() external view returns (uint256);

    /// @notice Gas limit of this block.
    function getCurrentBlockGasLimit() external view returns (uint256);

    /// @notice Unix second of this block.
    function getCurrentBlockTimestamp() external view returns (uint256);

    /// @notice Wei that `addr` holds.
    function getEthBalance(address addr) external view returns (uint256);

    /// @notice Hash of the block before this one.
    function getLastBlockHash() external view returns (bytes32);

    /// @notice Base fee of this block, wei.
    function getBasefee() external view returns (uint256);

    /// @notice Chain id.
    function getChainId() external view returns (uint256);
}
