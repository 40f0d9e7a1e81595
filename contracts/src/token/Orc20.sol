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

/// @title ORC-20: an ERC-20 with metadata on chain; adds permit and transfer of ownership to the published standard.
/// @notice The owner changes texts and marks trading pairs; it can neither mint nor move anybody's tokens.
contract Orc20 is ERC20, ERC20Permit, Ownable {
    uint256 private constant TEXT_BYTES_MAX = 2_048;
    uint256 private constant SOCIALS_MAX = 32;

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

    constructor(Orc20Params memory params, address owner_)
        ERC20(params.name, params.symbol)
        ERC20Permit(params.name)
        Ownable(owner_)
    {
        if (params.socialPlatforms.length != params.socialUris.length || params.socialUris.length > SOCIALS_MAX) {
            revert SocialsMismatch(params.socialPlatforms.length, params.socialUris.length);
        }
        _decimals = params.decimals;
        _description = _checked(params.description);
        _logoUri = _checked(params.logoUri);
        _projectGif = _checked(params.projectGif);
        _projectEmoji = _checked(params.projectEmoji);
        for (uint256 i = 0; i < params.socialUris.length; i++) {
            _socials[params.socialPlatforms[i]] = _checked(params.socialUris[i]);
        }
        _mint(owner_, params.initialSupply * 10 ** params.decimals);
        emit NewORC20Created(address(this), owner_, params.name, params.symbol);
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

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (isActivePair[from]) emit Swap(to, "swap", true, value, "");
        else if (isActivePair[to]) emit Swap(from, "swap", false, value, "");
    }

    function _checked(string memory text) private pure returns (string memory) {
        if (bytes(text).length > TEXT_BYTES_MAX) revert TextTooLong(bytes(text).length);
        return text;
    }
}
