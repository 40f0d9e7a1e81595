// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Policy} from "./IPolicyRegistry.sol";
import {IProofResolution} from "./IProofResolution.sol";

/// @title Life of a task under a verification policy: accept, commit, reveal, (audit), finalize.
/// @notice `expire` may be called by anybody and does whatever a passed deadline demands; `finalize` may be called by
/// anybody; so neither a silent client nor a silent provider can hold money back.
/// Who may act for a provider: the provider, its master, or an agent of its master (Terminal).
interface IProofManager is IProofResolution {
    /// @notice Takes a seat of `task` for `provider` and reserves `bondOf(task)` wei of its lockup until the
    /// settlement. By the paired provider, its master or an agent. Needs: registration on the source, eligibility, free
    /// lockup, task not expired, no earlier attempt, no other seat with the same master. NotActor, NotPolicyTask,
    /// WrongPhase, TooLate (Unix seconds), AlreadySeated, SameMaster; Vault's "InsufficientLockup", Nexus's
    /// "NotEligible" and "AlreadyAttempted".
    function accept(address task, address provider) external;

    /// @notice Posts the sealed result, once. By the provider, its master or an agent, from the own accept on and up to
    /// the commit deadline; NotActor, SealMissing, WrongPhase, TooLate, NoSeat, AlreadyCommitted.
    /// @param sealedDigest `keccak256(abi.encode(task, provider, outRoot, traceRoot, blobId, salt))`, see `sealOf`
    function commit(address task, address provider, bytes32 sealedDigest) external;

    /// @notice Opens the seal; only after all seats committed (or the commit deadline passed and `expire` was called),
    /// up to the reveal deadline. By the provider, its master or an agent; NotActor, WrongPhase, TooLate, NoSeat,
    /// SealMismatch, UrlTooLong (2,048 bytes).
    /// @param outRoot root of the output
    /// @param traceRoot root of the trace; zero when the class has none
    /// @param blobId hash of the blob with the result
    /// @param url where the blob can be fetched. Empty: the provider's gateway (DataRegistry.setGateway) followed by
    /// the lower-case hex of `blobId` (no 0x). A link of its own is in the event; here only its hash is kept, and who
    /// finalizes passes it again (`finalizeWithLink`). Not sealed
    /// @param salt the random value of the seal
    function reveal(
        address task,
        address provider,
        bytes32 outRoot,
        bytes32 traceRoot,
        bytes32 blobId,
        string calldata url,
        bytes32 salt
    ) external;

    /// @notice Shows that the provider still works; checkpoints count too. By the provider, its master or an agent,
    /// before the commit; NotActor, WrongPhase, NoSeat, AlreadyCommitted.
    function heartbeat(address task, address provider) external;

    /// @notice Performs what a passed deadline demands (start with fewer seats, vacate silent seats, close reveals,
    /// resolve an audit, reopen, refund). Anybody. NothingToDo before a deadline, and AuditPhase of IAuditManager
    /// before one of an audit.
    function expire(address task) external;

    /// @notice Vacates the seat of a provider that missed its heartbeat (the policy's `heartbeatBlocks`), for a part of
    /// its bond, and offers it again. Anybody; WrongPhase, NoSeat, NothingToDo, TooEarly.
    function reassign(address task, address provider) external;

    /// @notice State of the present try; NotPolicyTask for other tasks.
    function taskState(address task) external view returns (TaskView memory);

    /// @notice All places of the present try, free ones with provider zero; empty before the first accept.
    function seatsOf(address task) external view returns (Seat[] memory);

    /// @notice The provider's place in the present try; NoSeat when it has none or gave it up.
    function seatOf(address task, address provider) external view returns (Seat memory);

    /// @notice Policy under which the task was published, which never changes; NotPolicyTask for other tasks.
    function policyOfTask(address task) external view returns (Policy memory);

    /// @notice Wei that a seat of `task` reserves in the present try: a multiple of `seatPayOf` or the policy's
    /// `bondMin`, what is more.
    function bondOf(address task) external view returns (uint256);

    /// @notice Wei that a paid seat earns: (payment − what auditors of earlier tries got − audit fee) / redundancy;
    /// seats unpaid go back to the client.
    function seatPayOf(address task) external view returns (uint256);

    /// @notice What anybody should call now.
    /// @return isDue true when the call would do something
    /// @return action "expire", "draw", "finalize" or "finalizeWithLink"; means nothing when `isDue` is false
    function due(address task) external view returns (bool isDue, string memory action);
}
