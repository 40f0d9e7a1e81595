// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title The ownership surface of Source, Task and Response: Nexus owns them, and that never changes.
/// @notice The published ABI has OpenZeppelin's Ownable; here a transfer is refused in the same words.
abstract contract FixedOwner {
    address public immutable nexus;

    event OwnershipTransferred(address indexed previousOwner, address indexed newOwner);

    error OwnableUnauthorizedAccount(address account);
    error OwnableInvalidOwner(address owner);

    modifier onlyNexus() {
        if (msg.sender != nexus) revert OwnableUnauthorizedAccount(msg.sender);
        _;
    }

    constructor(address nexus_) {
        nexus = nexus_;
        emit OwnershipTransferred(address(0), nexus_);
    }

    function owner() external view returns (address) {
        return nexus;
    }

    function transferOwnership(address newOwner) external onlyNexus {
        revert OwnableInvalidOwner(newOwner);
    }

    function renounceOwnership() external onlyNexus {
        revert OwnableInvalidOwner(address(0));
    }
}
