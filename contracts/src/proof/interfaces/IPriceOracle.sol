// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ProgramClass} from "./IProgramRegistry.sol";

/// @title Base price per class, moved by demand like an EIP-1559 base fee: at most 1/8 per epoch of 60 blocks.
interface IPriceOracle {
    event BasePriceChanged(ProgramClass indexed class, uint256 price, uint256 settled, uint256 offered);

    error OnlyProofLayer(address caller);

    /// @notice Advisory price of one seat in wei.
    function basePrice(ProgramClass class) external view returns (uint256);
}
