// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Orc20, Orc20Params} from "./Orc20.sol";

/// @title Makes ORC-20 tokens and lists them.
contract Orc20Factory {
    address[] private _tokens;
    mapping(address token => bool) public isToken;

    /// @notice A token was made here.
    event TokenCreated(address indexed token, address indexed creator, string name, string symbol);

    /// @notice The caller owns the token and gets its whole supply.
    function create(Orc20Params calldata params) external returns (address token) {
        token = address(new Orc20(params, msg.sender));
        isToken[token] = true;
        _tokens.push(token);
        emit TokenCreated(token, msg.sender, params.name, params.symbol);
    }

    /// @notice Number of tokens made here.
    function tokenCount() external view returns (uint256) {
        return _tokens.length;
    }

    /// @notice Token at a position from zero; Panic(0x32) beyond the end.
    function tokens(uint256 index) external view returns (address) {
        return _tokens[index];
    }
}
