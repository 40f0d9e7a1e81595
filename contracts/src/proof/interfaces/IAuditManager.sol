// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title Auditors: enrolment with stake, draw by chain randomness, sealed verdicts, resolution.
/// @notice The verdict word: for EXACT_INT, TEE_ONLY and ZK it is the auditor's own `digestOf(outRoot, traceRoot)`;
/// for TOLERANT_FP and OPAQUE it is a bit mask of guilty seats (bit i = seat i of `ProofManager.seatsOf`), zero: all good.
interface IAuditManager {
    /// @notice The audit of a task in its present round. All counts are of this round.
    struct Audit {
        uint8 round; // 0: none, 1: first committee, 2: jury
        bool open;
        uint8 drawn;
        uint8 committed;
        uint8 revealed;
        uint64 commitDeadline; // block
        uint64 revealDeadline; // block
        bytes32 seed;
    }

    /// @notice One drawn auditor's part in one round.
    struct Vote {
        address auditor;
        uint8 round;
        bool committed;
        bool revealed;
        bytes32 verdict; // the seal before the reveal
        bytes32 report; // zero before the reveal
    }

    /// @notice `auditor` can be drawn from now on; `stake` wei of its lockup are reserved.
    event AuditorEnrolled(address indexed auditor, uint256 stake);

    /// @notice `auditor` resigned and `released` wei of its lockup are free again.
    event AuditorLeft(address indexed auditor, uint256 released);

    /// @notice Once for each drawn auditor when a round starts: it has to commit up to block `commitDeadline`.
    /// @param round 1: first committee; higher: a jury
    event AuditDrawn(address indexed task, address indexed auditor, uint256 round, uint256 commitDeadline);

    /// @notice A drawn auditor posted its sealed verdict.
    event AuditCommitted(address indexed task, address indexed auditor, bytes32 sealedVerdict);

    /// @notice All drawn auditors committed, or the commit deadline passed: verdicts can be opened up to block
    /// `revealDeadline`.
    event AuditRevealOpened(address indexed task, uint256 round, uint256 revealDeadline);

    /// @notice An auditor opened its verdict.
    /// @param verdict digest or mask of guilty seats, see above
    /// @param report see `revealAudit`
    event AuditRevealed(address indexed task, address indexed auditor, bytes32 verdict, bytes32 report);

    /// @notice A round ended. With `round` 1 a jury may follow (AuditDrawn); the last one before the task's window
    /// decides.
    /// @param decided false: no verdict had a quorum
    /// @param verdict the decision; zero when `decided` is false
    event AuditResolved(address indexed task, uint256 round, bool decided, bytes32 verdict);

    /// @notice The task was settled and an auditor who was right gets `fee` wei, the bonus from the audit pool
    /// included.
    event AuditorPaid(address indexed task, address indexed auditor, uint256 fee);

    /// @notice An auditor lost `amount` wei of its stake.
    /// @param silent true: it did not commit or not reveal (5 %); false: wrong verdict (all of it) or another report
    /// than most (5 %)
    event AuditorSlashed(address indexed task, address indexed auditor, uint256 amount, bool silent);

    /// @notice `enrol` with less than `minStake()` wei, or with nothing.
    error AuditorStakeTooLow(uint256 stake, uint256 minimum);

    /// @notice `enrol` by an account that still has stake here; also one that is not drawn any more has to `resign`
    /// first.
    error AlreadyEnrolled(address auditor);

    /// @notice `resign` without stake here.
    error NotEnrolled(address auditor);

    /// @notice `resign` while `count` audits of the caller are not settled.
    error AuditsOpen(address auditor, uint256 count);

    /// @notice The caller has no vote in the present round.
    error NotDrawn(address task, address auditor);

    /// @notice No audit of the task is open, or the call is too early, too late or a repetition; also a sealed verdict
    /// of zero.
    error AuditPhase(address task);

    /// @notice What was opened does not hash to what the caller committed to.
    error AuditSealMismatch(address task, address auditor);

    /// @notice A call between contracts that no account may make.
    error OnlyProofManager();

    /// @notice Becomes an auditor: reserves `stake` wei of the caller's Vault lockup (deposit and lock first). Anybody;
    /// AuditorStakeTooLow, AlreadyEnrolled, or the Vault's "InsufficientLockup".
    function enrol(uint256 stake) external;

    /// @notice Stops being drawn and gets the stake back; not before every task that the caller audited is settled
    /// (AuditsOpen). NotEnrolled without stake.
    function resign() external;

    /// @notice Posts a sealed verdict. Drawn auditors, once, up to the commit deadline; NotDrawn, AuditPhase.
    /// @param sealedVerdict `keccak256(abi.encode(task, auditor, verdict, report, salt))`, see `sealOf`
    function commitAudit(address task, bytes32 sealedVerdict) external;

    /// @notice Opens it, after all drawn auditors committed or the commit deadline passed, up to the reveal deadline.
    /// The last reveal closes the audit. NotDrawn, AuditPhase, AuditSealMismatch.
    /// @param verdict digest or mask of guilty seats, see above
    /// @param report exact classes: `keccak256(abi.encode(seed, parts))` over parts of the trace that the draw's seed
    /// picks, as the class's runtime says (zero: it has none). Right verdicts with another report than most of them
    /// earn nothing and lose as much as silent ones. Judged classes: hash of a report blob, or zero
    /// @param salt the random value of the seal
    function revealAudit(address task, bytes32 verdict, bytes32 report, bytes32 salt) external;

    /// @notice Does what a passed deadline demands: opens the reveals when somebody committed, else closes the round.
    /// Anybody; AuditPhase before the deadline.
    function resolve(address task) external;

    /// @notice Wei that `enrol` needs; an auditor whose stake falls below is drawn no more. Set by the timelock.
    function minStake() external view returns (uint256);

    /// @notice Wei that `auditor` has reserved here and can lose.
    function stakeOf(address auditor) external view returns (uint256);

    /// @notice True while `account` can be drawn.
    function isAuditor(address account) external view returns (bool);

    /// @notice Number of accounts that can be drawn.
    function auditorCount() external view returns (uint256);

    /// @notice Enrolled auditors, a page.
    /// @param lower first position, from zero
    /// @param upper last position, itself in the page; Panic(0x32) at or beyond the end
    function auditors(uint256 lower, uint256 upper) external view returns (address[] memory);

    /// @notice The audit of a task; `round` is zero when it never had one.
    function auditOf(address task) external view returns (Audit memory);

    /// @notice Votes of all rounds of the audit of the task's present try.
    function votesOf(address task) external view returns (Vote[] memory);

    /// @notice True when `auditor` is drawn for `task` and still has to commit or reveal. Does not look at deadlines.
    function isDrawn(address task, address auditor) external view returns (bool);

    /// @notice What `commitAudit` takes: `keccak256(abi.encode(task, auditor, verdict, report, salt))`.
    function sealOf(address task, address auditor, bytes32 verdict, bytes32 report, bytes32 salt)
        external
        pure
        returns (bytes32);
}
