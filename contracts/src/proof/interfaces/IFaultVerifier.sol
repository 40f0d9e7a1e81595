// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title Judges evidence that a committed computation contains a wrong step.
/// @notice Implementations are pure judges: no state change, no clock, bounded gas, and `false` for malformed evidence.
interface IFaultVerifier {
    /// @notice What a provider revealed, and for which program.
    struct Statement {
        bytes32 programId;
        address task;
        address provider;
        bytes32 outRoot;
        bytes32 traceRoot;
    }

    /// @notice True only when `evidence` shows that `statement` can't be the result of an honest run of its program.
    /// @param evidence in the form that the class's judge defines; malformed evidence is no fault
    function isFault(Statement calldata statement, bytes calldata evidence) external view returns (bool);
}
