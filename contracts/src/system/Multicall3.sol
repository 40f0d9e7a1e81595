// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title Many calls in one: the interface of the contract at 0xcA11bde05977b3631167028862bE2a173976CA11.
/// @notice Its code is not compiled here: the genesis has the published bytes (genesis/multicall3.ts).
interface Multicall3 {
    struct Call {
        address target;
        bytes callData;
    }

    struct Call3 {
        address target;
        bool allowFailure;
        bytes callData;
    }

    struct Call3Value {
        address target;
        bool allowFailure;
        uint256 value;
        bytes callData;
    }

    struct Result {
        bool success;
        bytes returnData;
    }

    function aggregate(Call[] calldata calls) external payable returns (uint256 blockNumber, bytes[] memory returnData);

    function tryAggregate(bool requireSuccess, Call[] calldata calls) external payable returns (Result[] memory returnData);

    function tryBlockAndAggregate(bool requireSuccess, Call[] calldata calls) external payable returns (uint256 blockNumber, bytes32 blockHash, Result[] memory returnData);

    function blockAndAggregate(Call[] calldata calls) external payable returns (uint256 blockNumber, bytes32 blockHash, Result[] memory returnData);

    function aggregate3(Call3[] calldata calls) external payable returns (Result[] memory returnData);

    function aggregate3Value(Call3Value[] calldata calls) external payable returns (Result[] memory returnData);

    function getBlockHash(uint256 blockNumber) external view returns (bytes32);

    function getBlockNumber() external view returns (uint256);

    function getCurrentBlockCoinbase() external view returns (address);

    function getCurrentBlockDifficulty() external view returns (uint256);

    function getCurrentBlockGasLimit() external view returns (uint256);

    function getCurrentBlockTimestamp() external view returns (uint256);

    function getEthBalance(address addr) external view returns (uint256);

    function getLastBlockHash() external view returns (bytes32);

    function getBasefee() external view returns (uint256);

    function getChainId() external view returns (uint256);
}
