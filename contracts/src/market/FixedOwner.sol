// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title The ownership surface of Source, Task and Response: Nexus owns them, and that never changes.
/// @notice The published ABI has OpenZeppelin's Ownable; here a transfer is refused in the same words.
abstract contract FixedOwner {
    address public immutable nexus;

    /// @notice Once, when the object is made.
    event OwnershipTransferred(address indexed previousOwner, address indexed newOwner);

    /// @notice A function of the owner was called by `account`.
    error OwnableUnauthorizedAccount(address account);
    /// @notice The owner stays Nexus.
    error OwnableInvalidOwner(address owner);

    modifier onlyNexus() {
        if (msg.sender != nexus) revert OwnableUnauthorizedAccount(msg.sender);
        _;
    }

    constructor(address nexus_) {
        nexus = nexus_;
        emit OwnershipTransferred(address(0), nexus_);
    }

    /// @notice Nexus, for ever.
    function owner() external view returns (address) {
        return nexus;
    }

    /// @notice Always reverts, even for Nexus.
    function transferOwnership(address newOwner) external onlyNexus {
        revert OwnableInvalidOwner(newOwner);
    }

    /// @notice Always reverts, even for Nexus.
    function renounceOwnership() external onlyNexus {
        revert OwnableInvalidOwner(address(0));
    }
}
