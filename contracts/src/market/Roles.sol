// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @dev Role ids of the Manager. The published ABI has the names only; the ids follow OpenZeppelin's custom.
bytes32 constant CONTROLLER_ROLE = keccak256("CONTROLLER");
bytes32 constant PROVIDER_ROLE = keccak256("PROVIDER");
bytes32 constant JUDGE_ROLE = keccak256("JUDGE");
/// @dev Admin of PROVIDER: the Terminal, which grants it with the pairing and takes it back.
bytes32 constant TERMINAL_ROLE = keccak256("TERMINAL");
/// @dev Admin of CONTROLLER and JUDGE after `seal`. Nobody holds it and nobody can grant it.
bytes32 constant SEALED_ROLE = keccak256("SEALED");
bytes32 constant ADMIN_ROLE = 0x00;
