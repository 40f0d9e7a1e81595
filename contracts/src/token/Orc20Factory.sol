// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Orc20Base, Orc20Params} from "./Orc20.sol";

/// @dev The token that the factory makes: its runtime is Orc20's, its owner the caller of the factory.
contract FactoryOrc20 is Orc20Base {
    constructor(Orc20Params memory params, address owner_) Orc20Base(params, owner_) {}
}

/// @title Makes ORC-20 tokens and lists them.
contract Orc20Factory {
    /// @dev EIP-3860: a creation with more bytes fails without a word.
    uint256 private constant INITCODE_BYTES_MAX = 49_152;

    address[] private _tokens;
    mapping(address token => bool) public isToken;

    /// @notice A token was made here.
    event TokenCreated(address indexed token, address indexed creator, string name, string symbol);

    /// @notice Names, texts and links together are longer than the creation of a contract may be.
    error ParamsTooLong(uint256 length, uint256 maximum);
    /// @notice No token has this position yet.
    error TokenUnknown(uint256 index);

    /// @notice The caller owns the token and gets its whole supply. TextTooLong, SocialsMismatch, SupplyTooLarge (Orc20),
    /// ParamsTooLong.
    function create(Orc20Params calldata params) external returns (address token) {
        uint256 length = abi.encode(params, msg.sender).length;
        uint256 maximum = INITCODE_BYTES_MAX - type(FactoryOrc20).creationCode.length;
        if (length > maximum) revert ParamsTooLong(length, maximum);
        token = address(new FactoryOrc20(params, msg.sender));
        isToken[token] = true;
        _tokens.push(token);
        emit TokenCreated(token, msg.sender, params.name, params.symbol);
    }

    /// @notice Number of tokens made here.
    function tokenCount() external view returns (uint256) {
        return _tokens.length;
    }

    /// @notice Token at a position from zero; TokenUnknown.
    function tokens(uint256 index) external view returns (address) {
        if (index >= _tokens.length) revert TokenUnknown(index);
        return _tokens[index];
    }
}
