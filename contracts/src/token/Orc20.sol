// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

struct Orc20Params {
    string name;
    string symbol;
    uint8 decimals;
    uint256 initialSupply; // whole tokens
    string description;
    string logoUri;
    string projectGif;
    string projectEmoji;
    string[] socialPlatforms;
    string[] socialUris;
}

/// @title ORC-20: an ERC-20 with metadata on chain. What the published standard lacks is here: permit, allowances that are
/// raised and lowered, the Approval log of `transferFrom`, transfer of ownership, no zero addresses.
/// @notice The owner changes texts and marks trading pairs; it can neither mint nor move anybody's tokens.
abstract contract Orc20Base is ERC20, ERC20Permit, Ownable {
    uint256 private constant TEXT_BYTES_MAX = 2_048;
    uint256 private constant SOCIALS_MAX = 32;
    /// @dev 10^77 is the last power of ten below 2^256.
    uint256 private constant DECIMALS_MAX = 77;

    uint8 private immutable _decimals;
    string private _description;
    string private _logoUri;
    string private _projectGif;
    string private _projectEmoji;
    mapping(string platform => string uri) private _socials;
    mapping(address pair => bool) public isActivePair;

    /// @notice Once, when the token is made; `creator` owns it and its supply.
    event NewORC20Created(address indexed token, address indexed creator, string name, string symbol);
    /// @notice A text changed; `key` is its name, or the platform of a link.
    event MetadataUpdated(string key, string value);
    /// @notice Transfers of `pair` are reported as Swap from now on, or with `value` false no longer.
    event ActivePairsUpdated(address pair, bool value);
    /// @notice Tokens left (`isBuy`) or reached an active pair; beside the ERC-20 Transfer.
    event Swap(address indexed maker, string kind, bool isBuy, uint256 amount, string metadata);

    /// @notice A text of more than 2,048 bytes.
    error TextTooLong(uint256 length);
    /// @notice Not as many links as platforms, or more than 32.
    error SocialsMismatch(uint256 platforms, uint256 uris);
    /// @notice `initialSupply` times 10^`decimals` is 2^256 or more.
    error SupplyTooLarge(uint256 initialSupply, uint8 decimals);
    /// @notice The allowance would be 2^256 or more.
    error AllowanceTooLarge(uint256 allowance, uint256 added);

    constructor(Orc20Params memory params, address owner_)
        ERC20(params.name, params.symbol)
        ERC20Permit(_domainOf(params.name))
        Ownable(owner_)
    {
        if (params.socialPlatforms.length != params.socialUris.length || params.socialUris.length > SOCIALS_MAX) {
            revert SocialsMismatch(params.socialPlatforms.length, params.socialUris.length);
        }
        if (params.decimals > DECIMALS_MAX || params.initialSupply > type(uint256).max / 10 ** params.decimals) {
            revert SupplyTooLarge(params.initialSupply, params.decimals);
        }
        _checked(params.name);
        _checked(params.symbol);
        _decimals = params.decimals;
        _description = _checked(params.description);
        _logoUri = _checked(params.logoUri);
        _projectGif = _checked(params.projectGif);
        _projectEmoji = _checked(params.projectEmoji);
        for (uint256 i = 0; i < params.socialUris.length; i++) {
            _socials[_checked(params.socialPlatforms[i])] = _checked(params.socialUris[i]);
        }
        _mint(owner_, params.initialSupply * 10 ** params.decimals);
        emit NewORC20Created(address(this), owner_, params.name, params.symbol);
    }

    /// @notice Raises what `spender` may take of the caller's tokens; AllowanceTooLarge, ERC20InvalidSpender.
    function increaseAllowance(address spender, uint256 addedValue) external returns (bool) {
        uint256 current = allowance(msg.sender, spender);
        if (addedValue > type(uint256).max - current) revert AllowanceTooLarge(current, addedValue);
        _approve(msg.sender, spender, current + addedValue);
        return true;
    }

    /// @notice Lowers it; ERC20InsufficientAllowance when it is less, ERC20InvalidSpender.
    function decreaseAllowance(address spender, uint256 subtractedValue) external returns (bool) {
        uint256 current = allowance(msg.sender, spender);
        if (subtractedValue > current) revert ERC20InsufficientAllowance(spender, current, subtractedValue);
        _approve(msg.sender, spender, current - subtractedValue);
        return true;
    }

    /// @notice Owner; TextTooLong, as for all texts.
    function setDescription(string calldata value) external onlyOwner {
        _description = _checked(value);
        emit MetadataUpdated("description", value);
    }

    /// @notice Owner.
    function setLogo(string calldata value) external onlyOwner {
        _logoUri = _checked(value);
        emit MetadataUpdated("logoUri", value);
    }

    /// @notice Owner.
    function setProjectGif(string calldata value) external onlyOwner {
        _projectGif = _checked(value);
        emit MetadataUpdated("projectGif", value);
    }

    /// @notice Owner.
    function setProjectEmoji(string calldata value) external onlyOwner {
        _projectEmoji = _checked(value);
        emit MetadataUpdated("projectEmoji", value);
    }

    /// @notice Sets the link for a platform; empty removes it. Owner.
    function setSocials(string calldata platform, string calldata uri) external onlyOwner {
        _socials[_checked(platform)] = _checked(uri);
        emit MetadataUpdated(platform, uri);
    }

    /// @notice Transfers from and to an active pair are reported as Swap.
    function setActivePairs(address pair, bool value) external onlyOwner {
        isActivePair[pair] = value;
        emit ActivePairsUpdated(pair, value);
    }

    /// @notice All texts but the links.
    function getMetadata()
        external
        view
        returns (string memory description, string memory logoUri, string memory projectGif, string memory projectEmoji)
    {
        return (_description, _logoUri, _projectGif, _projectEmoji);
    }

    /// @notice Link for a platform; empty: none.
    function getSocials(string calldata platform) external view returns (string memory) {
        return _socials[platform];
    }

    function decimals() public view override returns (uint8) {
        return _decimals;
    }

    /// @dev Every change of an allowance makes its log, that of `transferFrom` too.
    function _approve(address owner_, address spender, uint256 value, bool) internal override {
        super._approve(owner_, spender, value, true);
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (isActivePair[from]) emit Swap(to, "swap", true, value, "");
        else if (isActivePair[to]) emit Swap(from, "swap", false, value, "");
    }

    /// @dev Name of the EIP-712 domain, for which there are 31 bytes: a longer name has "ORC-20" there (`eip712Domain`).
    function _domainOf(string memory name_) private pure returns (string memory) {
        return bytes(name_).length < 32 ? name_ : "ORC-20";
    }

    function _checked(string memory text) private pure returns (string memory) {
        if (bytes(text).length > TEXT_BYTES_MAX) revert TextTooLong(bytes(text).length);
        return text;
    }
}

/// @title The token with the constructor of the published standard: who deploys it owns it and gets its supply.
contract Orc20 is Orc20Base {
    /// @param initialSupply whole tokens; the constructor multiplies by 10^decimals
    constructor(
        string memory name_,
        string memory symbol_,
        uint8 decimals_,
        uint256 initialSupply,
        string memory description,
        string memory logoUri,
        string memory projectGif,
        string memory projectEmoji,
        string[] memory socialPlatforms,
        string[] memory socialUris
    )
        Orc20Base(
            Orc20Params({
                name: name_,
                symbol: symbol_,
                decimals: decimals_,
                initialSupply: initialSupply,
                description: description,
                logoUri: logoUri,
                projectGif: projectGif,
                projectEmoji: projectEmoji,
                socialPlatforms: socialPlatforms,
                socialUris: socialUris
            }),
            msg.sender
        )
    {}
}
