// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title Checkpoints of running tasks: the next provider resumes from the last one. A checkpoint is a heartbeat too.
interface ICheckpoints {
    struct Checkpoint {
        address provider;
        uint64 seq; // 1, 2, 3 …
        uint64 stepsDone;
        uint64 blockNumber;
        uint256 meter; // resource units used so far, by the job class's own meter
        bytes32 stateRoot;
        bytes32 blobId; // state blob at the data layer
    }

    event CheckpointPosted(
        address indexed task, address indexed provider, uint256 seq, bytes32 stateRoot, bytes32 prevRoot, uint256 stepsDone, uint256 meter, bytes32 blobId
    );

    error CheckpointOutOfOrder(address task, uint256 seq, uint256 expected);
    error CheckpointBroken(address task, bytes32 prevRoot, bytes32 expected);
    error CheckpointNotSeated(address task, address provider);

    /// @notice `seq` continues at one and `prevRoot` names the state root before it, across providers.
    function checkpoint(
        address task,
        address provider,
        uint64 seq,
        bytes32 stateRoot,
        bytes32 prevRoot,
        uint64 stepsDone,
        uint256 meter,
        bytes32 blobId
    ) external;

    /// @notice The newest checkpoint of a task; `seq` is zero when there is none.
    function latest(address task) external view returns (Checkpoint memory);
}
