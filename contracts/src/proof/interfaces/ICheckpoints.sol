// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title Checkpoints of long jobs: the next provider resumes from the last one, and each is paid for its own steps.
/// @notice A checkpoint is a heartbeat too. Under a policy with `checkpointBps` the steps of a chain are credited to who
/// posted them, and paid when the task ends with a result: part of the pay × own steps / `checkpointSteps`; whoever
/// finishes gets the rest. A try that fails pays nobody. A successor that finds the state wrong does not accept; the
/// client may throw the chain away.
interface ICheckpoints {
    /// @notice The newest state of a job that was posted.
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

    /// @notice A provider posted the next state of a task's chain.
    /// @param seq position in the chain, from one
    /// @param stateRoot root of the state after `stepsDone` steps
    /// @param prevRoot `stateRoot` of the checkpoint before; zero for the first
    /// @param stepsDone steps from the start of the job
    /// @param meter resource units used so far
    /// @param blobId where the state itself is
    event CheckpointPosted(
        address indexed task, address indexed provider, uint256 seq, bytes32 stateRoot, bytes32 prevRoot, uint256 stepsDone, uint256 meter, bytes32 blobId
    );

    /// @notice The client threw a chain away whose last position was `seq`; zero: there was none.
    event CheckpointsDiscarded(address indexed task, uint256 seq);

    /// @notice `seq` is not the one after the newest checkpoint of this try.
    error CheckpointOutOfOrder(address task, uint256 seq, uint256 expected);

    /// @notice `prevRoot` is not the state before (`expected`), or `stepsDone` went back.
    error CheckpointBroken(address task, bytes32 prevRoot, bytes32 expected);

    /// @notice The caller may not act for `provider`. A provider without a seat gets the ProofManager's NoSeat.
    error CheckpointNotSeated(address task, address provider);

    /// @notice Fewer nodes than the policy's `checkpointReceipts` confirmed that they hold the blob.
    error CheckpointUnavailable(bytes32 blobId, uint256 receipts, uint256 needed);

    /// @notice More steps than the policy says the task has.
    error CheckpointTooFar(uint256 stepsDone, uint256 steps);

    /// @notice `discard` by another than the task's client.
    error CheckpointNotClient(address task, address caller);

    /// @notice Posts the next state of the job and shows that `provider` still works. By the provider, its master or an
    /// agent, while it has a seat and has not committed (else WrongPhase, NoSeat or AlreadyCommitted of IProofTypes).
    /// One chain for each try, across its providers.
    /// @param seq one more than the newest, from one; else CheckpointOutOfOrder
    /// @param stateRoot root of the state now
    /// @param prevRoot state root of the checkpoint before, zero for the first; else CheckpointBroken
    /// @param stepsDone steps from the start of the job; never less than before, and at most the policy's
    /// `checkpointSteps` when steps are paid
    /// @param meter resource units used so far, by the job class's own meter; not checked
    /// @param blobId state blob at the data layer
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
    /// task's client only (CheckpointNotClient), while no provider works on it (WrongPhase).
    function discard(address task) external;

    /// @notice The newest checkpoint of a task, of whatever try; `seq` is zero when there is none.
    function latest(address task) external view returns (Checkpoint memory);

    /// @notice Who did how many steps of the chain of one try, in the order of their first checkpoint.
    /// @param retried number of the try, from zero
    /// @return providers an account may be there more than once
    /// @return steps done by the provider at the same place
    function creditsOf(address task, uint8 retried)
        external
        view
        returns (address[] memory providers, uint256[] memory steps);
}
