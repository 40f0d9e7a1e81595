// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Predeploys} from "../system/Predeploys.sol";
import {ProofBase} from "./ProofBase.sol";

/// @dev The functions of IProofManager whose code is in ProofResolution: passed on as they are, on this contract's storage.
/// The address is a constant and nobody can change it.
abstract contract ProofForward is ProofBase {
    function draw(address) external {
        _forward();
    }

    /// @notice AuditManager only.
    function onVerdict(address, bool, bytes32) external {
        _forward();
    }

    function challenge(address) external {
        _forward();
    }

    function announceFault(bytes32) external {
        _forward();
    }

    function proveFault(address, address, bytes32, bytes32, bytes calldata) external {
        _forward();
    }

    function plantError(address, bytes32) external {
        _forward();
    }

    function openPlant(address, bytes32, bytes32, bytes32) external {
        _forward();
    }

    function finalize(address) external {
        _forward();
    }

    function finalizeWithLink(address, bytes32, string calldata) external {
        _forward();
    }

    function publishResponse(address, address) external returns (address) {
        _forward();
    }

    function publishResponseWithLink(address, address, bytes32, string calldata) external returns (address) {
        _forward();
    }

    /// @dev Ends the call with whatever the other code answers.
    function _forward() private {
        address code = Predeploys.PROOF_RESOLUTION;
        assembly {
            calldatacopy(0, 0, calldatasize())
            let ok := delegatecall(gas(), code, 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            if ok { return(0, returndatasize()) }
            revert(0, returndatasize())
        }
    }
}
