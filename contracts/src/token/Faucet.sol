// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title Test coins: a fixed amount for each account and period. Test networks only; filled by the genesis.
contract Faucet {
    uint256 public immutable amount;
    uint256 public immutable period;

    mapping(address account => uint256 time) public lastDrip;

    /// @notice `account` got `amount` wei.
    event Dripped(address indexed account, uint256 amount);

    /// @notice `account` can be served again from Unix second `allowedFrom` on.
    error TooSoon(address account, uint256 allowedFrom);
    /// @notice The faucet has less than one portion.
    error Empty();
    /// @notice `account` did not take its coins.
    error TransferFailed(address account);

    constructor(uint256 amount_, uint256 period_) {
        amount = amount_;
        period = period_;
    }

    receive() external payable {}

    /// @notice Sends `amount` to `account`, at most once in `period` seconds. Anybody may pay the gas.
    function drip(address account) external {
        uint256 last = lastDrip[account];
        if (last != 0 && block.timestamp < last + period) revert TooSoon(account, last + period);
        if (address(this).balance < amount) revert Empty();
        lastDrip[account] = block.timestamp;
        emit Dripped(account, amount);
        (bool sent,) = account.call{value: amount}("");
        if (!sent) revert TransferFailed(account);
    }
}
