// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title Auditors: enrolment with stake, draw by chain randomness, sealed verdicts, resolution.
/// @notice The verdict word: for EXACT_INT, TEE_ONLY and ZK it is the auditor's own `digestOf(outRoot, traceRoot)`;
/// for TOLERANT_FP and OPAQUE it is a bit mask of guilty seats (bit i = seat i of `ProofManager.seatsOf`), zero: all good.
interface IAuditManager {
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

    struct Vote {
        address auditor;
        uint8 round;
        bool committed;
        bool revealed;
        bytes32 verdict; // the seal before the reveal
        bytes32 report; // zero before the reveal
    }

    event AuditorEnrolled(address indexed auditor, uint256 stake);
    event AuditorLeft(address indexed auditor, uint256 released);
    event AuditDrawn(address indexed task, address indexed auditor, uint256 round, uint256 commitDeadline);
    event AuditCommitted(address indexed task, address indexed auditor, bytes32 sealedVerdict);
    event AuditRevealOpened(address indexed task, uint256 round, uint256 revealDeadline);
    event AuditRevealed(address indexed task, address indexed auditor, bytes32 verdict, bytes32 report);
    /// @notice `decided` false: no verdict had a quorum.
    event AuditResolved(address indexed task, uint256 round, bool decided, bytes32 verdict);
    event AuditorPaid(address indexed task, address indexed auditor, uint256 fee);
    event AuditorSlashed(address indexed task, address indexed auditor, uint256 amount, bool silent);

    error AuditorStakeTooLow(uint256 stake, uint256 minimum);
    error AlreadyEnrolled(address auditor);
    error NotEnrolled(address auditor);
    error AuditsOpen(address auditor, uint256 count);
    error NotDrawn(address task, address auditor);
    error AuditPhase(address task);
    error AuditSealMismatch(address task, address auditor);
    error OnlyProofManager();

    /// @notice Becomes an auditor: reserves `stake` wei of the caller's Vault lockup (deposit and lock first).
    function enrol(uint256 stake) external;

    /// @notice Stops being drawn and gets the stake back; not before every task that the caller audited is settled.
    function resign() external;

    /// @notice Posts the sealed verdict `keccak256(abi.encode(task, auditor, verdict, report, salt))`. Drawn auditors only.
    function commitAudit(address task, bytes32 sealedVerdict) external;

    /// @notice Opens it, after all drawn auditors committed or the commit deadline passed.
    /// @param report exact classes: `keccak256(abi.encode(seed, parts))` over parts of the trace that the draw's seed picks, as
    /// the class's runtime says (zero: it has none). Right verdicts with another report than most of them earn nothing and
    /// lose as much as silent ones. Judged classes: hash of a report blob, or zero
    function revealAudit(address task, bytes32 verdict, bytes32 report, bytes32 salt) external;

    /// @notice Closes an audit whose deadlines passed. Anybody. (The last reveal closes it by itself.)
    function resolve(address task) external;

    function minStake() external view returns (uint256);

    function stakeOf(address auditor) external view returns (uint256);

    function isAuditor(address account) external view returns (bool);

    function auditorCount() external view returns (uint256);

    /// @notice Enrolled auditors, `lower` to `upper`, both included; Panic(0x32) beyond the end.
    function auditors(uint256 lower, uint256 upper) external view returns (address[] memory);

    function auditOf(address task) external view returns (Audit memory);

    /// @notice Votes of all rounds of a task's audit.
    function votesOf(address task) external view returns (Vote[] memory);

    /// @notice True when `auditor` is drawn for `task` and still has to commit or reveal.
    function isDrawn(address task, address auditor) external view returns (bool);

    function sealOf(address task, address auditor, bytes32 verdict, bytes32 report, bytes32 salt)
        external
        pure
        returns (bytes32);
}
