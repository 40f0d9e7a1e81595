// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title Who may take a task, and how well each provider fits: the on-chain part of routing (views only).
interface IRouting {
    /// @notice A provider that may take a task, and what its score is made of.
    struct Candidate {
        address provider;
        uint256 score; // 0..10,000
        uint256 reputation; // 0..10,000
        uint256 latency; // EWMA of blocks from accept to commit, 2^8 = one block
        uint256 freeStake; // wei
    }

    /// @notice No task of this market.
    error UnknownTask(address task);

    /// @notice True when `accept` (policy task) or `attempt` (plain task) for `provider` would pass now. Stricter in
    /// one thing: a frozen provider is not eligible, though `accept` would take it.
    /// @return eligible true: it may
    /// @return reason empty, or the first of: UnknownTask, Expired, NotProvider, NotRegistered, NotEligible,
    /// AlreadyAttempted, TaskClosed, InsufficientLockup, Frozen, SameMaster
    function eligibility(address task, address provider) external view returns (bool eligible, string memory reason);

    /// @notice Score of a provider for a task, 0..10,000: 60 % reputation, 25 % latency, 15 % free stake over bond.
    /// Does not look at eligibility; UnknownTask.
    function scoreOf(address task, address provider) external view returns (uint256);

    /// @notice Those of a page of registrants of the task's source that are eligible now, with their scores; in the
    /// registrants' order. UnknownTask.
    /// @param lower first registrant, from zero
    /// @param upper last registrant, itself in the page; Panic(0x32) at or beyond the end
    function candidates(address task, uint256 lower, uint256 upper) external view returns (Candidate[] memory);
}
