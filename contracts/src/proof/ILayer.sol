// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ProgramClass} from "./interfaces/IProgramRegistry.sol";
import {IReputation} from "./interfaces/IReputation.sol";

/// @dev What the proof layer's contracts call on each other beside their public interfaces. Of StakeRouter: all but the
/// view for ProofManager, AuditManager and DataRegistry only (OnlyProofLayer).
interface IStakeRouterLayer {
    /// @notice Binds `amount` wei of a lockup; the Vault's "InsufficientLockup" when less is free.
    /// @param reason for the log
    function reserve(address account, uint256 amount, bytes32 reason) external;

    /// @notice Frees `amount` wei of what was bound.
    /// @param reason for the log
    function release(address account, uint256 amount, bytes32 reason) external;

    /// @notice Takes a bound amount and splits it: finders 40 %, client 30 %, burned 20 %, audit pool the rest.
    /// @param amount wei of the bound lockup
    /// @param retained true: the earnings that have not vested too
    /// @param task for the log
    /// @param client who gets the client's share
    /// @param finders share equally; none: their share goes to the audit pool
    /// @param finderCap wei that the finders get together at most
    /// @return total wei taken
    function slash(
        address account,
        uint256 amount,
        bool retained,
        address task,
        address client,
        address[] calldata finders,
        uint256 finderCap
    ) external returns (uint256 total);

    /// @notice Takes a lost challenge bond: 60 % to `providers` in equal parts, the rest burned.
    function slashChallenger(address account, uint256 amount, address task, address[] calldata providers) external;

    /// @notice Wei of the lockup that are not bound.
    function freeStakeOf(address account) external view returns (uint256);
}

/// @notice What the ProofManager wants to have audited.
struct AuditOrder {
    address task;
    address client;
    bytes32 seed;
    bytes32 expected; // verdict that confirms the providers; zero with `split`: none
    bool split; // the providers do not agree among themselves
    uint8 auditors;
    uint8 quorum;
    uint8 jury;
    uint32 auditBlocks;
    bool exact; // verdicts are digests, and reports of equal verdicts must be equal
    address[] providers;
}

/// @dev Of AuditManager: ProofManager only (OnlyProofManager), but `resolve` and the view, which are for anybody.
interface IAuditManagerLayer {
    /// @notice Draws the first committee of a try; nothing of an earlier try's audit stays.
    /// @return drawn zero: no auditor is free of conflicts, and no audit is open
    function open(AuditOrder calldata order) external returns (uint256 drawn);

    /// @notice Says who shares the audit fee, pays each a bonus from the audit pool, and ends the auditors' obligation.
    /// @param fee wei of the task's payment that the caller pays them
    /// @return right auditors who were right; empty without a decision
    /// @return each wei of `fee` for each of them
    function settle(address task, uint256 fee) external returns (address[] memory right, uint256 each);

    /// @notice Auditors who were right; empty while an audit is open and without a decision.
    function rightAuditors(address task) external view returns (address[] memory);

    /// @notice As in IAuditManager.
    function resolve(address task) external;

    /// @notice Draws a jury of up to `jury` further auditors for a closed audit.
    /// @return drawn zero: nobody is left, and the audit stays closed
    function reopen(address task, uint256 jury) external returns (uint256 drawn);
}

/// @dev Of ProofManager.
interface IProofManagerLayer {
    /// @notice Takes the decision of an audit and opens the window. AuditManager only (OnlyAuditManager).
    /// @param decided false: no verdict had a quorum
    /// @param verdict digest or mask of guilty seats
    function onVerdict(address task, bool decided, bytes32 verdict) external;

    /// @notice Counts a checkpoint as a heartbeat. Checkpoints only (OnlyCheckpoints); WrongPhase, NoSeat,
    /// AlreadyCommitted.
    /// @return policyId policy of the task
    /// @return retried number of the present try, from zero
    function touch(address task, address provider) external returns (uint256 policyId, uint8 retried);
}

/// @dev Of Checkpoints.
interface ICheckpointsLayer {
    /// @notice As in ICheckpoints.
    function creditsOf(address task, uint8 retried)
        external
        view
        returns (address[] memory providers, uint256[] memory steps);
}

/// @dev Of Reputation.
interface IReputationLayer {
    /// @notice Records the end of a seat. ProofManager only (OnlyProofLayer).
    /// @param latencyBlocks blocks from accept to commit; used for Paid only
    function record(address provider, ProgramClass class, IReputation.Outcome outcome, uint256 latencyBlocks)
        external;
}

/// @dev Of PriceOracle.
interface IPriceOracleLayer {
    /// @notice Counts paid seats as demand. ProofManager only (OnlyProofLayer).
    function noteSettled(ProgramClass class, uint256 seats) external;
}

/// @dev Of DataRegistry.
interface IDataRegistryLayer {
    /// @notice As in IDataRegistry.
    function urlOf(address provider, bytes32 blobId) external view returns (string memory);

    /// @notice As in IDataRegistry.
    function receiptsOf(bytes32 blobId) external view returns (uint256);
}
