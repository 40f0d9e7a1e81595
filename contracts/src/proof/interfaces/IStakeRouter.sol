// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title Exposure accounting over Vault lockups: bonds are reserved parts of a lockup, and slashing splits them.
/// @notice Only the proof layer's contracts fixed at genesis may reserve, release or slash.
interface IStakeRouter {
    event Reserved(address indexed account, bytes32 indexed reason, uint256 amount);
    event Released(address indexed account, bytes32 indexed reason, uint256 amount);
    event Slashed(
        address indexed account, address indexed task, uint256 total, uint256 toFinders, uint256 toClient, uint256 burned, uint256 toPool
    );

    error OnlyProofLayer(address caller);

    /// @notice Wei of the lockup that is not reserved.
    function freeStakeOf(address account) external view returns (uint256);

    function reservedOf(address account) external view returns (uint256);
}
