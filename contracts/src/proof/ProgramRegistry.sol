// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Pages} from "../market/Pages.sol";
import {Rewiring} from "../market/Rewiring.sol";
import {IProgramRegistry, ProgramClass} from "./interfaces/IProgramRegistry.sol";

/// @title Implementation of IProgramRegistry, whose comments say what each function does.
/// @dev The owner (timelock) only chooses the judge of fault evidence for each class.
contract ProgramRegistry is IProgramRegistry, Ownable, Rewiring {
    uint256 private constant META_BYTES_MAX = 1_024;

    mapping(bytes32 programId => Program) private _programs;
    bytes32[] private _ids;
    mapping(ProgramClass class => address verifier) public faultVerifierOf;

    /// @notice More than 1,024 bytes.
    error MetaTooLong(uint256 length);

    constructor() Ownable(msg.sender) {}

    /// @inheritdoc IProgramRegistry
    function register(
        ProgramClass class,
        bytes32 graphRoot,
        bytes32 weightsRoot,
        bytes32 tokenizerHash,
        bytes32 decodeSpecHash,
        bytes32 opset,
        string calldata meta
    ) external returns (bytes32 programId) {
        if (graphRoot == 0) revert ProgramRootMissing();
        if (bytes(meta).length > META_BYTES_MAX) revert MetaTooLong(bytes(meta).length);
        programId = keccak256(abi.encode(class, graphRoot, weightsRoot, tokenizerHash, decodeSpecHash, opset));
        if (exists(programId)) return programId;
        _programs[programId] = Program({
            class: class,
            graphRoot: graphRoot,
            weightsRoot: weightsRoot,
            tokenizerHash: tokenizerHash,
            decodeSpecHash: decodeSpecHash,
            opset: opset,
            registrant: msg.sender,
            registeredAt: uint64(block.number)
        });
        _ids.push(programId);
        emit ProgramRegistered(programId, msg.sender, class, graphRoot, weightsRoot, meta);
    }

    /// @notice A new judge needs notice, since bonds depend on it; taking one away needs none.
    function setFaultVerifier(ProgramClass class, address verifier) external onlyOwner {
        if (verifier != address(0) && !_rewireContract(string.concat("faultVerifier", _digit(class)), verifier)) return;
        faultVerifierOf[class] = verifier;
        emit FaultVerifierSet(class, verifier);
    }

    function _digit(ProgramClass class) private pure returns (string memory) {
        return string(abi.encodePacked(bytes1(uint8(48 + uint8(class)))));
    }

    /// @inheritdoc IProgramRegistry
    function program(bytes32 programId) external view returns (Program memory) {
        if (!exists(programId)) revert ProgramUnknown(programId);
        return _programs[programId];
    }

    /// @inheritdoc IProgramRegistry
    function exists(bytes32 programId) public view returns (bool) {
        return _programs[programId].graphRoot != 0;
    }

    /// @inheritdoc IProgramRegistry
    function classOf(bytes32 programId) external view returns (ProgramClass) {
        if (!exists(programId)) revert ProgramUnknown(programId);
        return _programs[programId].class;
    }

    /// @inheritdoc IProgramRegistry
    function programCount() external view returns (uint256) {
        return _ids.length;
    }

    /// @inheritdoc IProgramRegistry
    function programs(uint256 lower, uint256 upper) external view returns (bytes32[] memory page) {
        page = new bytes32[](Pages.size(lower, upper, _ids.length));
        for (uint256 i = 0; i < page.length; i++) page[i] = _ids[lower + i];
    }
}
