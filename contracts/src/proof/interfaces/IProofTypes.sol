// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title Types, events and errors of a task's life under a verification policy (IProofManager).
interface IProofTypes {
    /// @notice Phases in order. `Open` is also the state of a policy task that nobody has accepted yet.
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

    /// @notice What became of a seat.
    enum SeatState {
        Accepted,
        Committed,
        Revealed,
        Vacated, // deadline or heartbeat missed; the seat was given up
        Paid,
        Slashed,
        Released // settled without pay or fault (inconclusive, or its task failed)
    }

    /// @notice A provider's place in the present try of a task.
    struct Seat {
        address provider;
        SeatState state;
        uint64 lastSeen; // block of the last accept, commit or heartbeat
        bytes32 digest; // sealed value after commit, `digestOf(outRoot, traceRoot)` after reveal
        bytes32 blobId; // zero before the reveal, and for a link of the provider's own (see the Revealed event)
    }

    /// @notice State of the present try of a task.
    struct TaskView {
        uint256 policyId; // never zero
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

    /// @notice `provider` took a seat and `bond` wei of its lockup are reserved.
    /// @param seat position, from zero
    event Accepted(address indexed task, address indexed provider, uint256 seat, uint256 bond);

    /// @notice `seats` providers work; commits run up to block `commitDeadline`.
    event Assigned(address indexed task, uint256 seats, uint256 commitDeadline);

    /// @notice A provider posted its sealed result.
    event Committed(address indexed task, address indexed provider, bytes32 sealedDigest);

    /// @notice All `seats` that are left committed; reveals run up to block `revealDeadline`.
    event RevealOpened(address indexed task, uint256 seats, uint256 revealDeadline);

    /// @notice A provider opened its result.
    /// @param outRoot root of the output
    /// @param traceRoot root of the trace; zero when the class has none
    /// @param blobId hash of the blob with the result
    /// @param url the provider's own link; empty: its gateway and `blobId`
    event Revealed(
        address indexed task,
        address indexed provider,
        bytes32 outRoot,
        bytes32 traceRoot,
        bytes32 blobId,
        string url
    );

    /// @notice All seats revealed or the deadline passed; `draw` works after block `drawBlock` and says what the result
    /// is. Again when that block's hash became unreadable before anybody called.
    event RevealClosed(address indexed task, uint256 drawBlock);

    /// @notice The draw was made from `seed`.
    /// @param audited true: auditors work now; false: the window is open
    event Drawn(address indexed task, bool audited, bytes32 seed);

    /// @notice The result may be challenged up to block `windowEnd`; afterwards `finalize` works.
    /// @param result winning digest; zero: no result, and nothing to challenge
    event WindowOpened(address indexed task, bytes32 result, uint256 windowEnd);

    /// @notice A provider showed that it works, by itself or with a checkpoint.
    event Heartbeat(address indexed task, address indexed provider, uint256 blockNumber);

    /// @notice A seat was given up after a missed deadline or heartbeat, or since the task expired; `penalty` wei of
    /// the bond were slashed.
    event SeatVacated(address indexed task, address indexed provider, uint256 penalty);

    /// @notice Vacated seats are offered again, for the `round`th time in this try.
    event Reopened(address indexed task, uint256 freeSeats, uint256 round);

    /// @notice An audit is demanded; `bond` wei of the challenger's lockup are reserved.
    event Challenged(address indexed task, address indexed challenger, uint256 bond);

    /// @notice The judge found evidence right; all seats with the digest of `provider` are guilty.
    event FaultProven(address indexed task, address indexed provider, address indexed challenger);

    /// @notice End of a seat's part in a try.
    /// @param outcome Paid, Slashed or Released
    /// @param paid wei that the seat earned, before shares of earlier providers (SegmentPaid)
    /// @param slashed wei of bond and retained earnings that it lost
    event SeatSettled(
        address indexed task, address indexed provider, SeatState outcome, uint256 paid, uint256 slashed
    );

    /// @notice The task ended with a result.
    /// @param result winning digest
    /// @param paid wei to providers and auditors in this settlement
    /// @param refunded wei back to the client
    event Finalized(
        address indexed task, address indexed winningProvider, bytes32 result, uint256 paid, uint256 refunded
    );

    /// @notice The task ended without a result; `refunded` wei went back to the client.
    event Failed(address indexed task, uint256 refunded);

    /// @notice A try ended without a result; all seats are free again, for other providers.
    /// @param retried number of tries that ended so
    /// @param spent wei of the payment that auditors of all tries got so far
    event Retried(address indexed task, uint256 retried, uint256 spent);

    /// @notice `paid` wei of the winner's pay went to who did `steps` steps before it.
    event SegmentPaid(address indexed task, address indexed provider, uint256 steps, uint256 paid);

    /// @notice The client committed to a wrong result, to test auditors.
    /// @param commitment `keccak256(abi.encode(task, digest, salt))`
    event ErrorPlanted(address indexed task, bytes32 commitment);

    /// @notice The client named the planted digest.
    /// @param appealed true: auditors had confirmed it, and a jury decides
    event PlantOpened(address indexed task, bytes32 digest, bool appealed);

    /// @notice No task of this market, or one under the plain lifecycle.
    error NotPolicyTask(address task);

    /// @notice The call does not fit the phase of the task (Open also when nobody has accepted yet), or all seats are
    /// taken.
    error WrongPhase(address task, Phase phase);

    /// @notice The caller is not the provider, its master or an agent of the master.
    error NotActor(address provider, address caller);

    /// @notice The provider has no seat in this try, gave it up, or, from `publishResponse`, was not paid.
    error NoSeat(address task, address provider);

    /// @notice The provider has a seat of this task.
    error AlreadySeated(address task, address provider);

    /// @notice A second commit of a seat, or a heartbeat after the commit.
    error AlreadyCommitted(address task, address provider);

    /// @notice A sealed digest of zero.
    error SealMissing();

    /// @notice What was opened does not hash to the commit, or the seat has not committed or has revealed before.
    error SealMismatch(address task, address provider);

    /// @notice Works from block `allowedFrom` on.
    error TooEarly(uint256 blockNumber, uint256 allowedFrom);

    /// @notice The deadline is over. Both are blocks; from `accept`, Unix seconds.
    error TooLate(uint256 blockNumber, uint256 deadline);

    /// @notice No deadline has passed that this call could act on; from `proveFault`: this digest is proven wrong
    /// already.
    error NothingToDo(address task);

    /// @notice Another provider of `master` has a seat, or one was guilty in an earlier try.
    error SameMaster(address task, address master);

    /// @notice The result was audited or challenged before, there is none, or its window is over.
    error ChallengeClosed(address task);

    /// @notice The seat has not revealed this digest, or the judge finds no fault.
    error EvidenceRejected(address task, address provider);

    /// @notice `announceFault` was not called with `commitment` in an earlier block.
    error EvidenceNotAnnounced(bytes32 commitment);

    /// @notice The class of the program has no judge, or the policy names no program.
    error VerifierMissing(bytes32 programId);

    /// @notice The provider revealed a link of its own, which has to be passed: `…WithLink`.
    error LinkNeeded(address task, address provider);

    /// @notice The link passed is not the one that the provider revealed.
    error LinkMismatch(address task, address provider);

    /// @notice The caller is not the task's client.
    error NotClient(address task, address caller);

    /// @notice A commitment of zero or a second one; or what was opened is not what was committed to, was opened
    /// before, or is of a class without digests.
    error PlantMismatch(address task);
}
