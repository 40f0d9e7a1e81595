// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title Types, events and errors of a task's life under a verification policy (IProofManager).
interface IProofTypes {
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
        bytes32 blobId; // zero before the reveal, and for a link of the provider's own (see the Revealed event)
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
        uint8 retried; // tries that ended without a result
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
    /// @notice All seats revealed or the deadline passed; `draw` works after `drawBlock` and says what the result is.
    event RevealClosed(address indexed task, uint256 drawBlock);
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
    /// @notice A try ended without a result; all seats are free again, for other providers. `spent` wei went to auditors.
    event Retried(address indexed task, uint256 retried, uint256 spent);
    /// @notice A part of the winner's pay went to who did the steps before it.
    event SegmentPaid(address indexed task, address indexed provider, uint256 steps, uint256 paid);
    event ErrorPlanted(address indexed task, bytes32 commitment);
    event PlantOpened(address indexed task, bytes32 digest, bool appealed);

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
    error LinkNeeded(address task, address provider);
    error LinkMismatch(address task, address provider);
    error NotClient(address task, address caller);
    error PlantMismatch(address task);
}
