// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title Exposure accounting over Vault lockups: bonds are reserved parts of a lockup, and slashing splits them.
/// @notice Only the proof layer's contracts fixed at genesis may reserve, release or slash.
interface IStakeRouter {
    /// @notice `amount` wei of a lockup secure something from now on.
    /// @param reason text in bytes32: "seat", "challenge", "auditor" or "blob"
    event Reserved(address indexed account, bytes32 indexed reason, uint256 amount);

    /// @notice `amount` wei of a lockup are free again.
    /// @param reason as in Reserved
    event Released(address indexed account, bytes32 indexed reason, uint256 amount);

    /// @notice `total` wei were taken and split; all parts in wei.
    /// @param task zero: for a blob that was withheld
    /// @param toFinders to challengers, provers or auditors; for a lost challenge bond, to the accused providers
    /// @param toClient to the task's client, or to who asked for the blob
    /// @param burned destroyed
    /// @param toPool to the audit pool
    event Slashed(
        address indexed account, address indexed task, uint256 total, uint256 toFinders, uint256 toClient, uint256 burned, uint256 toPool
    );

    /// @notice A call between contracts that no account may make.
    error OnlyProofLayer(address caller);

    /// @notice Wei of the lockup that are not reserved.
    function freeStakeOf(address account) external view returns (uint256);

    /// @notice Wei of the lockup that are reserved.
    function reservedOf(address account) external view returns (uint256);
}
