// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC20Votes} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Votes.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";

/// @title OGPU as an ERC-20: one token for each coin held here, with permit (EIP-2612), transfers by signature with
/// random nonces (EIP-3009, what x402 needs) and votes (ERC-5805).
contract WrappedOgpu is ERC20, ERC20Permit, ERC3009, ERC20Votes {
    /// @notice `amount` wei were wrapped.
    event Deposit(address indexed account, uint256 amount);
    /// @notice `amount` wei were unwrapped.
    event Withdrawal(address indexed account, uint256 amount);

    /// @notice `account` did not take its coins.
    error WithdrawFailed(address account);

    constructor() ERC20("Wrapped OGPU", "WOGPU") ERC20Permit("Wrapped OGPU") {}

    receive() external payable {
        deposit();
    }

    /// @notice Wraps the value sent; so does a plain transfer of coins to this address.
    function deposit() public payable {
        _mint(msg.sender, msg.value);
        emit Deposit(msg.sender, msg.value);
    }

    /// @notice Unwraps `amount` and sends the coins to the caller; ERC20InsufficientBalance, WithdrawFailed.
    function withdraw(uint256 amount) external {
        _burn(msg.sender, amount);
        emit Withdrawal(msg.sender, amount);
        (bool sent,) = msg.sender.call{value: amount}("");
        if (!sent) revert WithdrawFailed(msg.sender);
    }

    function nonces(address account) public view override(ERC20Permit, Nonces) returns (uint256) {
        return super.nonces(account);
    }

    function _update(address from, address to, uint256 value) internal override(ERC20, ERC20Votes) {
        super._update(from, to, value);
    }
}
