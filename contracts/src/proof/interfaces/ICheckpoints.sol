// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title Checkpoints of long jobs: the next provider resumes from the last one, and each is paid for its own steps.
/// @notice A checkpoint is a heartbeat too. Under a policy with `checkpointBps` the steps of a chain are credited to who
/// posted them, and paid when the task ends with a result: part of the pay × own steps / `checkpointSteps`; whoever
/// finishes gets the rest. A try that fails pays nobody. A successor that finds the state wrong does not accept; the
/// client may throw the chain away.
interface ICheckpoints {
    struct Checkpoint {
        address provider;
        uint64 seq; // 1, 2, 3 …
        uint8 retried; // try of the task that the chain belongs to
        uint64 stepsDone;
        uint64 blockNumber;
        uint256 meter; // resource units used so far, by the job class's own meter
        bytes32 stateRoot;
        bytes32 blobId; // state blob at the data layer
    }

    event CheckpointPosted(
        address indexed task, address indexed provider, uint256 seq, bytes32 stateRoot, bytes32 prevRoot, uint256 stepsDone, uint256 meter, bytes32 blobId
    );
    event CheckpointsDiscarded(address indexed task, uint256 seq);

    error CheckpointOutOfOrder(address task, uint256 seq, uint256 expected);
    error CheckpointBroken(address task, bytes32 prevRoot, bytes32 expected);
    error CheckpointNotSeated(address task, address provider);
    error CheckpointUnavailable(bytes32 blobId, uint256 receipts, uint256 needed);
    error CheckpointTooFar(uint256 stepsDone, uint256 steps);
    error CheckpointNotClient(address task, address caller);

    /// @notice `seq` continues at one and `prevRoot` names the state root before it, across the providers of one try.
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

    /// @notice Throws a task's chain away: the next checkpoint starts at one, and nobody is paid for the old steps. The
    /// task's client only, while no provider works on it.
    function discard(address task) external;

    /// @notice The newest checkpoint of a task; `seq` is zero when there is none.
    function latest(address task) external view returns (Checkpoint memory);

    /// @notice Who did how many steps of the chain of one try.
    function creditsOf(address task, uint8 retried)
        external
        view
        returns (address[] memory providers, uint256[] memory steps);
}
