// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ProgramClass} from "./IProgramRegistry.sol";

/// @title Reputation of providers per program class, made by contracts only.
/// @notice Counts decay with a half-life in blocks; scores are integers in 1/10,000 (0..10,000).
interface IReputation {
    /// @notice How a seat ended.
    enum Outcome {
        Paid, // agreed with the final result
        Missed, // deadline or heartbeat missed
        Guilty // wrong result
    }

    /// @notice Record of a provider in a class.
    struct Record {
        uint64 good; // decayed count, 2^16 = one
        uint64 bad; // decayed count, 2^16 = one
        uint64 latency; // EWMA of blocks from accept to commit, 2^8 = one block
        uint64 touchedAt; // block of the last decay
        uint32 tasks; // never decays
        uint64 frozenUntil; // block; a guilty provider is not routed to before
    }

    /// @notice A seat of the provider ended.
    /// @param score after it, in 1/10,000
    /// @param tasks outcomes ever recorded
    event ReputationChanged(
        address indexed provider, ProgramClass indexed class, Outcome outcome, uint256 score, uint256 tasks
    );

    /// @notice A call between contracts that no account may make.
    error OnlyProofLayer(address caller);

    /// @notice Record of a provider, its counts decayed up to this block.
    function recordOf(address provider, ProgramClass class) external view returns (Record memory);

    /// @notice Wilson lower bound (z = 1.96) of the decayed success rate, in 1/10,000; zero without a record.
    function scoreOf(address provider, ProgramClass class) external view returns (uint256);

    /// @notice True for some time after a guilty verdict, in which the provider is not routed to.
    function isFrozen(address provider, ProgramClass class) external view returns (bool);
}
