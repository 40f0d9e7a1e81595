// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

/// What every client deploys and uses: a token with events, errors and signed (EIP-712) notes.
contract Ledger {
    event Transfer(address indexed from, address indexed to, uint256 value);
    event Noted(address indexed by, uint256 indexed number, string text);

    error Short(address account, uint256 balance, uint256 needed);

    bytes32 public constant NOTE_TYPEHASH = keccak256("Note(address by,uint256 number,string text)");
    string public constant name = "Ledger";
    string public constant symbol = "LDG";
    uint8 public constant decimals = 18;

    bytes32 public immutable DOMAIN_SEPARATOR;
    uint256 public totalSupply;
    mapping(address => uint256) public balanceOf;

    constructor(uint256 supply) {
        DOMAIN_SEPARATOR = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Ledger"),
                keccak256("1"),
                block.chainid,
                address(this)
            )
        );
        totalSupply = supply;
        balanceOf[msg.sender] = supply;
        emit Transfer(address(0), msg.sender, supply);
    }

    function transfer(address to, uint256 value) external returns (bool) {
        uint256 balance = balanceOf[msg.sender];
        if (balance < value) revert Short(msg.sender, balance, value);
        balanceOf[msg.sender] = balance - value;
        balanceOf[to] += value;
        emit Transfer(msg.sender, to, value);
        return true;
    }

    function note(uint256 number, string calldata text) external {
        emit Noted(msg.sender, number, text);
    }

    function noteMany(uint256 first, uint256 count) external {
        for (uint256 i = 0; i < count; i++) emit Noted(msg.sender, first + i, "many");
    }

    function noteBySignature(address by, uint256 number, string calldata text, uint8 v, bytes32 r, bytes32 s) external {
        bytes32 digest = keccak256(
            abi.encodePacked(
                hex"1901", DOMAIN_SEPARATOR, keccak256(abi.encode(NOTE_TYPEHASH, by, number, keccak256(bytes(text))))
            )
        );
        require(ecrecover(digest, v, r, s) == by, "wrong signer");
        emit Noted(by, number, text);
    }

    function divide(uint256 by) external pure returns (uint256) {
        return 100 / by;
    }

    function refuse() external pure {
        require(false, "refused");
    }
}
