// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title Who may take a task, and how well each provider fits: the on-chain part of routing (views only).
interface IRouting {
    struct Candidate {
        address provider;
        uint256 score; // 0..10,000
        uint256 reputation; // 0..10,000
        uint256 latency; // EWMA of blocks from accept to commit, 2^8 = one block
        uint256 freeStake; // wei
    }

    /// @notice True when `accept` (policy task) or `attempt` (plain task) by `provider` would pass now; else the reason.
    function eligibility(address task, address provider) external view returns (bool eligible, string memory reason);

    /// @notice Score of a provider for a task: 60 % reputation, 25 % latency, 15 % free stake over bond.
    function scoreOf(address task, address provider) external view returns (uint256);

    /// @notice Those of the registrants `lower` to `upper` of the task's source, both included, that are eligible now;
    /// Panic(0x32) beyond the end of the registrants.
    function candidates(address task, uint256 lower, uint256 upper) external view returns (Candidate[] memory);
}
