// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Policy} from "./IPolicyRegistry.sol";

/// @title Life of a task under a verification policy: accept, commit, reveal, (audit), finalize.
/// @notice `expire` may be called by anybody and does whatever a passed deadline demands; `finalize` may be called by
/// anybody; so neither a silent client nor a silent provider can hold money back.
/// Who may act for a provider: the provider, its master, or an agent of its master (Terminal).
interface IProofManager {
    /// @dev Phases in order. `Open` is also the state of a policy task that nobody has accepted yet.
    enum Phase {
        Open, // seats are free
        Assigned, // all seats taken, commits run until `deadline`
        Revealing, // all (remaining) seats committed, reveals run until `deadline`
        Drawing, // all revealed; from block `deadline` on anybody may call `draw`
        Auditing, // AuditManager works
        Window, // result known; may be challenged until `deadline`, then finalized
        Final, // paid
        Failed // refunded
    }

    enum SeatState {
        Accepted,
        Committed,
        Revealed,
        Vacated, // deadline or heartbeat missed; the seat was given up
        Paid,
        Slashed,
        Released // settled without pay or fault (inconclusive, or its task failed)
    }

    struct Seat {
        address provider;
        SeatState state;
        uint64 lastSeen; // block of the last accept, commit or heartbeat
        bytes32 digest; // sealed value after commit, `digestOf(outRoot, traceRoot)` after reveal
        bytes32 blobId; // zero before reveal
    }

    struct TaskView {
        uint256 policyId; // zero: a plain task, the rest is empty
        Phase phase;
        uint64 deadline; // block; meaning depends on the phase; zero: none runs
        uint8 seats; // taken and not vacated
        uint8 committed;
        uint8 revealed;
        uint8 reassigned;
        bool audited; // an audit was drawn
        bool challenged;
        uint96 bond; // wei per seat
        bytes32 result; // winning digest, zero while unknown or when inconclusive
    }

    event Accepted(address indexed task, address indexed provider, uint256 seat, uint256 bond);
    event Assigned(address indexed task, uint256 seats, uint256 commitDeadline);
    event Committed(address indexed task, address indexed provider, bytes32 sealedDigest);
    event RevealOpened(address indexed task, uint256 seats, uint256 revealDeadline);
    event Revealed(
        address indexed task,
        address indexed provider,
        bytes32 outRoot,
        bytes32 traceRoot,
        bytes32 blobId,
        string url
    );
    /// @notice All seats revealed or the deadline passed; `result` is zero without a quorum. `draw` works from `drawBlock` on.
    event RevealClosed(address indexed task, bytes32 result, uint256 drawBlock);
    event Drawn(address indexed task, bool audited, bytes32 seed);
    event WindowOpened(address indexed task, bytes32 result, uint256 windowEnd);
    event Heartbeat(address indexed task, address indexed provider, uint256 blockNumber);
    event SeatVacated(address indexed task, address indexed provider, uint256 penalty);
    event Reopened(address indexed task, uint256 freeSeats, uint256 round);
    event Challenged(address indexed task, address indexed challenger, uint256 bond);
    event FaultProven(address indexed task, address indexed provider, address indexed challenger);
    event SeatSettled(
        address indexed task, address indexed provider, SeatState outcome, uint256 paid, uint256 slashed
    );
    event Finalized(
        address indexed task, address indexed winningProvider, bytes32 result, uint256 paid, uint256 refunded
    );
    event Failed(address indexed task, uint256 refunded);

    error NotPolicyTask(address task);
    error WrongPhase(address task, Phase phase);
    error NotActor(address provider, address caller);
    error NoSeat(address task, address provider);
    error AlreadySeated(address task, address provider);
    error AlreadyCommitted(address task, address provider);
    error SealMissing();
    error SealMismatch(address task, address provider);
    error TooEarly(uint256 blockNumber, uint256 allowedFrom);
    error TooLate(uint256 blockNumber, uint256 deadline);
    error NothingToDo(address task);
    error SameMaster(address task, address master);
    error ChallengeClosed(address task);
    error EvidenceRejected(address task, address provider);
    error EvidenceNotAnnounced(bytes32 commitment);
    error VerifierMissing(bytes32 programId);

    /// @notice Takes a seat of `task` for `provider`. Needs: pairing, registration on the source, eligibility, free
    /// lockup of at least the bond (reserved until settlement), task not expired, no other seat with the same master.
    function accept(address task, address provider) external;

    /// @notice Posts the sealed result: `keccak256(abi.encode(task, provider, outRoot, traceRoot, blobId, salt))`.
    /// Possible from the own accept on, once.
    function commit(address task, address provider, bytes32 sealedDigest) external;

    /// @notice Opens the seal; only after all seats committed (or the commit deadline passed and `expire` was called).
    /// @param url where the blob can be fetched. Empty: the provider's gateway (DataRegistry.setGateway) followed by the
    /// lower-case hex of `blobId` (no 0x); cheaper, because nothing is stored.
    function reveal(
        address task,
        address provider,
        bytes32 outRoot,
        bytes32 traceRoot,
        bytes32 blobId,
        string calldata url,
        bytes32 salt
    ) external;

    /// @notice Decides by chain randomness whether the task is audited, and draws the auditors. Anybody.
    function draw(address task) external;

    /// @notice Shows that the provider still works; checkpoints count too.
    function heartbeat(address task, address provider) external;

    /// @notice Performs what a passed deadline demands (start with fewer seats, vacate silent seats, close reveals,
    /// reopen, refund). Anybody. Reverts with NothingToDo before a deadline.
    function expire(address task) external;

    /// @notice Vacates the seat of a provider that missed its heartbeat, and offers it again. Anybody.
    function reassign(address task, address provider) external;

    /// @notice Demands an audit of an unaudited result in its window; reserves `challengeBond(task)` of the caller's lockup.
    function challenge(address task) external;

    /// @notice Announces evidence one block ahead so that nobody can steal it:
    /// `keccak256(abi.encode(challenger, task, provider, keccak256(evidence)))`.
    function announceFault(bytes32 commitment) external;

    /// @notice Proves with evidence that the provider's result is wrong; everybody with the same digest is guilty too.
    function proveFault(address task, address provider, bytes32 outRoot, bytes32 traceRoot, bytes calldata evidence)
        external;

    /// @notice Pays and closes the task after the window. Anybody.
    function finalize(address task) external;

    /// @notice Creates the market's Response object of a paid seat that is not the winner's. Anybody, after `finalize`.
    function publishResponse(address task, address provider) external returns (address response);

    function taskState(address task) external view returns (TaskView memory);

    function seatsOf(address task) external view returns (Seat[] memory);

    function seatOf(address task, address provider) external view returns (Seat memory);

    /// @notice Policy under which the task was published; its `redundancy` is zero for plain tasks.
    function policyOfTask(address task) external view returns (Policy memory);

    /// @notice Bond in wei that a seat of `task` reserves.
    function bondOf(address task) external view returns (uint256);

    /// @notice Wei that a paid seat earns: (payment − audit fee) / redundancy; seats unpaid go back to the client.
    function seatPayOf(address task) external view returns (uint256);

    function challengeBond(address task) external view returns (uint256);

    function sealOf(
        address task,
        address provider,
        bytes32 outRoot,
        bytes32 traceRoot,
        bytes32 blobId,
        bytes32 salt
    ) external pure returns (bytes32);

    /// @notice What is compared between providers: `keccak256(abi.encode(outRoot, traceRoot))`.
    function digestOf(bytes32 outRoot, bytes32 traceRoot) external pure returns (bytes32);

    /// @notice True when `expire`, `draw` or `finalize` would do something now; `action` is its name.
    function due(address task) external view returns (bool isDue, string memory action);
}
