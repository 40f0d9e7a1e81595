// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Predeploys} from "../system/Predeploys.sol";
import {IPriceOracle} from "./interfaces/IPriceOracle.sol";
import {ProgramClass} from "./interfaces/IProgramRegistry.sol";

/// @title Implementation of IPriceOracle, whose comments say what each function does.
/// @dev Demand: settled seats of an epoch. Supply: the capacity that the owner (timelock) names for a class. Integers
/// only; empty epochs count as no demand. The price is advice: nothing is paid by it.
contract PriceOracle is IPriceOracle, Ownable {
    uint256 public constant EPOCH_BLOCKS = 60;
    /// @dev Share of the capacity at which the price stands still: 60 %.
    uint256 private constant TARGET_BPS = 6_000;
    uint256 private constant BPS = 10_000;
    uint256 private constant CHANGE_DIVISOR = 8;
    /// @dev Empty epochs applied at once; after so many the price is at its floor anyway.
    uint256 private constant IDLE_EPOCHS_MAX = 64;

    struct Market {
        uint128 price;
        uint128 floor;
        uint64 epoch;
        uint64 settled;
        uint64 capacity; // seats for each epoch
    }

    mapping(ProgramClass class => Market) private _markets;

    /// @notice The timelock set the lowest price (wei) and the capacity (seats for each epoch) of a class.
    event MarketSet(ProgramClass indexed class, uint256 floor, uint256 capacity);

    constructor(uint128 floor, uint64 capacity) Ownable(msg.sender) {
        for (uint256 i = 0; i <= uint256(type(ProgramClass).max); i++) _set(ProgramClass(i), floor, capacity);
    }

    /// @notice Lowest price (wei) and capacity (seats for each epoch of 60 blocks) of a class. Timelock.
    function setMarket(ProgramClass class, uint128 floor, uint64 capacity) external onlyOwner {
        _set(class, floor, capacity);
    }

    /// @notice ProofManager only.
    function noteSettled(ProgramClass class, uint256 seats) external {
        if (msg.sender != Predeploys.PROOF_MANAGER) revert OnlyProofLayer(msg.sender);
        Market storage market = _markets[class];
        uint256 epoch = block.number / EPOCH_BLOCKS;
        if (epoch != market.epoch) {
            uint256 price = basePrice(class);
            emit BasePriceChanged(class, price, market.settled, market.capacity);
            market.price = uint128(price);
            market.epoch = uint64(epoch);
            market.settled = 0;
        }
        market.settled += uint64(seats);
    }

    /// @inheritdoc IPriceOracle
    function basePrice(ProgramClass class) public view returns (uint256 price) {
        Market storage market = _markets[class];
        price = market.price;
        uint256 epochs = block.number / EPOCH_BLOCKS - market.epoch;
        if (epochs == 0) return price;
        price = _next(price, market.settled, market.capacity);
        uint256 idle = epochs - 1 < IDLE_EPOCHS_MAX ? epochs - 1 : IDLE_EPOCHS_MAX;
        for (uint256 i = 0; i < idle; i++) price = _next(price, 0, market.capacity);
        if (price < market.floor) price = market.floor;
        if (price > type(uint128).max) price = type(uint128).max;
    }

    function _next(uint256 price, uint256 settled, uint256 capacity) private pure returns (uint256) {
        uint256 target = (capacity * TARGET_BPS) / BPS;
        if (target == 0) target = 1;
        if (settled >= target) {
            uint256 over = settled - target;
            if (over > target) over = target;
            return price + (price * over) / target / CHANGE_DIVISOR;
        }
        return price - (price * (target - settled)) / target / CHANGE_DIVISOR;
    }

    function _set(ProgramClass class, uint128 floor, uint64 capacity) private {
        Market storage market = _markets[class];
        market.price = market.price < floor ? floor : uint128(basePrice(class));
        market.floor = floor;
        market.capacity = capacity;
        market.epoch = uint64(block.number / EPOCH_BLOCKS);
        market.settled = 0;
        emit MarketSet(class, floor, capacity);
    }
}
