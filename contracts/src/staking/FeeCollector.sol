// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Predeploys} from "../system/Predeploys.sol";
import {IStaking} from "./IStaking.sol";

/// @title Coinbase of every block: collects priority fees; anybody may pass them on.
/// @notice A part is burned, the rest goes to the committee by voting power. The owner (timelock) sets that part only.
contract FeeCollector is Ownable {
    uint256 private constant BPS = 10_000;

    /// @notice Part of the fees that is burned, in 1/10,000.
    uint256 public burnBps;

    /// @notice `rewarded` wei went to the committee, `burned` wei were burned.
    event FeesDistributed(uint256 rewarded, uint256 burned);
    /// @notice The timelock set the burned part.
    event BurnBpsSet(uint256 burnBps);

    /// @notice More than everything (10,000).
    error BurnTooHigh(uint256 burnBps);
    /// @notice The burn address did not take the coins.
    error BurnFailed();

    constructor(uint256 burnBps_) Ownable(msg.sender) {
        burnBps = burnBps_;
    }

    receive() external payable {}

    /// @notice Sends everything collected so far to the Staking contract, less the burned part. Anybody.
    function distribute() external {
        uint256 amount = address(this).balance;
        uint256 burned = (amount * burnBps) / BPS;
        emit FeesDistributed(amount - burned, burned);
        IStaking(Predeploys.STAKING).distribute{value: amount - burned}();
        (bool sent,) = Predeploys.BURN.call{value: burned}("");
        if (!sent) revert BurnFailed();
    }

    /// @notice Part of the fees that is burned from the next distribution on, in 1/10,000. Timelock.
    function setBurnBps(uint256 burnBps_) external onlyOwner {
        if (burnBps_ > BPS) revert BurnTooHigh(burnBps_);
        burnBps = burnBps_;
        emit BurnBpsSet(burnBps_);
    }
}
