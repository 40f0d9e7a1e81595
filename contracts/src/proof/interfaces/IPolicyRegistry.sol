// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @dev How the tasks of a source are verified. All `…Blocks` count blocks of this chain.
struct Policy {
    bytes32 programId; // ProgramRegistry; fixes the class
    uint8 redundancy; // n: seats of a task, 1..16
    uint8 quorum; // k: equal reveals that make a result, n/2 < k <= n
    uint8 auditors; // auditors drawn for an audit, 0..7
    uint8 auditQuorum; // equal audit verdicts that decide, auditors/2 < q <= auditors
    uint8 jury; // further auditors drawn when an audit contradicts the providers, 0..15; 0: no appeal
    uint8 reassignMax; // how often vacated seats are offered again
    uint16 auditRateBps; // probability of an audit in 1/10,000
    uint16 auditFeeBps; // share of the payment that pays auditors when an audit happens, at most 5,000
    uint32 bondBps; // bond of a seat as a multiple of its share of the payment, in 1/10,000
    uint96 bondMin; // wei; the bond is never lower
    uint32 acceptBlocks; // after the first accept, until the task may start with fewer than n seats
    uint32 commitBlocks; // from full assignment to the last commit
    uint32 revealBlocks; // from the last commit to the last reveal
    uint32 auditBlocks; // for audit commits, and the same again for audit reveals
    uint32 windowBlocks; // in which a result may be challenged
    uint32 heartbeatBlocks; // a seat silent for longer may be reassigned; 0: no heartbeat needed
    uint8 retryMax; // how often a task that ended without a result starts again with other providers, 0..7
    uint16 checkpointBps; // part of the pay that goes to whoever did the steps, at most 9,000; needs redundancy 1
    uint32 checkpointSteps; // steps of a whole task, for `checkpointBps`
    uint8 checkpointReceipts; // availability receipts that the blob of a checkpoint needs, 0..15
}

/// @title Verification policies of sources. A task keeps the policy that its source had when it was published.
interface IPolicyRegistry {
    /// @notice Tasks published under `source` from now on are verified by `policy`.
    event PolicySet(address indexed source, uint256 indexed policyId, bytes32 indexed programId, Policy policy);

    /// @notice Tasks published under `source` from now on follow the plain lifecycle.
    event PolicyCleared(address indexed source);

    /// @notice The caller is not the client of the source, or there is no such source.
    error PolicyNotClient(address source, address caller);

    /// @notice A field is out of its range (see Policy), or the program is not registered; `field` names the first one.
    error PolicyInvalid(string field);

    /// @notice Attaches `policy` to `source` for tasks published from now on. Only the source's client
    /// (PolicyNotClient); PolicyInvalid.
    /// @return policyId never zero, never reused; a policy never changes
    function setPolicy(address source, Policy calldata policy) external returns (uint256 policyId);

    /// @notice Tasks published from now on follow the plain lifecycle (attempt, submitResponse). Only the source's
    /// client (PolicyNotClient).
    function clearPolicy(address source) external;

    /// @notice Present policy of `source`; zero: none.
    function policyIdOf(address source) external view returns (uint256);

    /// @notice The policy with this id; all zero for an id that was not given.
    function policy(uint256 policyId) external view returns (Policy memory);

    /// @notice Present policy of `source`.
    /// @return policyId zero: none
    /// @return policy all zero when there is none
    function policyOf(address source) external view returns (uint256 policyId, Policy memory policy);
}
