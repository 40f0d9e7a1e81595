// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ProgramClass} from "./IProgramRegistry.sol";

/// @title Base price per class, moved by demand like an EIP-1559 base fee: at most 1/8 per epoch of 60 blocks.
interface IPriceOracle {
    /// @notice The first settlement of an epoch: the price stands at `price` wei.
    /// @param settled seats of the last epoch that had a settlement
    /// @param offered seats for each epoch that the timelock named as the capacity of the class
    event BasePriceChanged(ProgramClass indexed class, uint256 price, uint256 settled, uint256 offered);

    /// @notice A call between contracts that no account may make.
    error OnlyProofLayer(address caller);

    /// @notice Advisory price of one seat in wei, as of this block; nothing is paid by it.
    function basePrice(ProgramClass class) external view returns (uint256);
}
