// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Ledger} from "../src/Ledger.sol";

interface Cheats {
    function envAddress(string calldata name) external view returns (address);
    function envUint(string calldata name) external view returns (uint256);
    function deal(address account, uint256 balance) external;
    function prank(address sender) external;
    function createSelectFork(string calldata url, uint256 blockNumber) external returns (uint256);
    function expectRevert(bytes calldata data) external;
    function rpcUrl(string calldata name) external view returns (string memory);
}

interface Multicall {
    function getBlockNumber() external view returns (uint256);
    function getChainId() external view returns (uint256);
}

/// Runs on a copy of the network's state.
contract ForkTest {
    bool public IS_TEST = true;
    Cheats private constant cheats = Cheats(address(uint160(uint256(keccak256("hevm cheat code")))));
    Ledger private ledger;
    address private holder;

    function setUp() external {
        ledger = Ledger(cheats.envAddress("LEDGER"));
        holder = cheats.envAddress("HOLDER");
    }

    function test_reads_what_the_network_has() external view {
        require(ledger.totalSupply() == 1_000, "supply");
        require(ledger.balanceOf(holder) == 1_000, "balance");
        require(block.chainid == cheats.envUint("CHAIN_ID"), "chain");
    }

    function test_writes_only_to_its_copy() external {
        cheats.prank(holder);
        ledger.transfer(address(7), 400);
        require(ledger.balanceOf(holder) == 600, "balance");
        cheats.expectRevert(abi.encodeWithSelector(Ledger.Short.selector, address(this), 0, 1));
        ledger.transfer(address(7), 1);
    }

    function test_calls_predeployed_contracts() external view {
        Multicall calls = Multicall(0xcA11bde05977b3631167028862bE2a173976CA11);
        require(calls.getChainId() == block.chainid, "chain id");
        require(calls.getBlockNumber() == block.number, "block number");
    }

    function test_deploys_on_the_copy(uint96 supply) external {
        require(new Ledger(supply).totalSupply() == supply, "supply");
    }
}
