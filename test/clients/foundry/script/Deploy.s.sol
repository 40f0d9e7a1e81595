// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Ledger} from "../src/Ledger.sol";

/// The few cheat codes that are used here.
interface Cheats {
    function startBroadcast() external;
    function stopBroadcast() external;
    function envBytes32(string calldata name) external view returns (bytes32);
}

contract Deploy {
    bool public constant IS_SCRIPT = true;
    Cheats private constant cheats = Cheats(address(uint160(uint256(keccak256("hevm cheat code")))));

    event Deployed(address plain, address deterministic);

    function run() external returns (Ledger plain, Ledger deterministic) {
        bytes32 salt = cheats.envBytes32("LEDGER_SALT");
        cheats.startBroadcast();
        plain = new Ledger(5_000);
        deterministic = new Ledger{salt: salt}(6_000);
        plain.note(1, "from a script");
        plain.transfer(address(deterministic), 10);
        cheats.stopBroadcast();
        require(plain.balanceOf(address(deterministic)) == 10, "simulation");
    }
}
