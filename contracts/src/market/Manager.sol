// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {ADMIN_ROLE, CONTROLLER_ROLE, JUDGE_ROLE, PROVIDER_ROLE, SEALED_ROLE, TERMINAL_ROLE} from "./Roles.sol";

/// @title Role registry of the market.
/// @notice CONTROLLER may move escrow along a task's life, JUDGE may reserve and take stake. Both are held by contracts
/// only and are sealed at genesis: afterwards not even the timelock can give them to anybody.
contract Manager is AccessControl {
    bytes32 public constant CONTROLLER = CONTROLLER_ROLE;
    bytes32 public constant PROVIDER = PROVIDER_ROLE;
    bytes32 public constant JUDGE = JUDGE_ROLE;

    constructor() {
        _grantRole(ADMIN_ROLE, msg.sender);
        _setRoleAdmin(PROVIDER_ROLE, TERMINAL_ROLE);
    }

    /// @notice Freezes the holders of CONTROLLER, JUDGE and TERMINAL for ever.
    function seal() external onlyRole(ADMIN_ROLE) {
        _setRoleAdmin(CONTROLLER_ROLE, SEALED_ROLE);
        _setRoleAdmin(JUDGE_ROLE, SEALED_ROLE);
        _setRoleAdmin(TERMINAL_ROLE, SEALED_ROLE);
        _setRoleAdmin(SEALED_ROLE, SEALED_ROLE);
    }
}
