// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IRoles, IVault} from "./interfaces.sol";
import {TEXT_BYTES_MAX} from "./MarketTypes.sol";
import {Rewiring} from "./Rewiring.sol";
import {PROVIDER_ROLE} from "./Roles.sol";

/// @title Who belongs to whom: providers, masters, agents, and what providers publish about themselves.
/// @notice A pairing needs both sides. The owner (timelock) can change addresses and the default agent, never a pairing.
contract Terminal is Ownable, Rewiring {
    bytes32 public constant PROVIDER = PROVIDER_ROLE;

    address public manager;
    address public vault;
    /// @notice Scheduler that may act for every master that did not opt out; zero: there is none.
    address public defaultAgent;

    mapping(address provider => address master) public masterOf;
    /// @notice The provider that a master paired with last.
    mapping(address master => address provider) public providerOf;
    mapping(address account => bool) public isProvider;
    mapping(address master => uint256 providers) public providerCountOf;
    mapping(address principal => mapping(address agent => bool)) public isAgentOf;
    mapping(address account => bool) public defaultAgentDisabled;
    mapping(address provider => string url) public baseDataOf;
    mapping(address provider => string url) public liveDataOf;

    mapping(address master => mapping(address provider => bool)) private _claims;
    mapping(address provider => address master) private _wishes;

    /// @notice `master` claims `provider`.
    event ProviderAnnounced(address provider, address master);
    /// @notice `provider` names `master`.
    event MasterAnnounced(address provider, address master);
    /// @notice The master ended the pairing.
    event ProviderRemoved(address provider);
    /// @notice The master asks its provider app to stop the container of `source`.
    event RemoveContainer(address provider, address source);
    /// @notice `account` allowed `agent`, or with `value` false took it back.
    event AgentSet(address account, address agent, bool value);
    /// @notice Somebody opted out of the default agent, or with `value` false in again; `master`: the caller's, or the
    /// caller itself.
    event DefaultAgentDisabled(address master, bool value);
    /// @notice `baseDataOf(provider)` changed.
    event BaseDataUpdated(address provider);
    /// @notice `liveDataOf(provider)` changed.
    event LiveDataUpdated(address provider);
    /// @notice The timelock appointed or removed (zero) the default agent.
    event DefaultAgentSet(address agent);

    constructor(address _manager, address _vault) Ownable(msg.sender) {
        manager = _manager;
        vault = _vault;
    }

    /// @notice A master claims a provider and adds `amount` (the value sent) to the provider's lockup.
    function announceProvider(address provider, uint256 amount) external payable {
        require(msg.value == amount, "AmountMismatch");
        require(provider != address(0) && provider != msg.sender, "BadPairing");
        address master = masterOf[provider];
        require(master == address(0) || master == msg.sender, "AlreadyPaired");
        _claims[msg.sender][provider] = true;
        emit ProviderAnnounced(provider, msg.sender);
        if (_wishes[provider] == msg.sender) _pair(provider, msg.sender);
        if (amount > 0) IVault(vault).depositLockup{value: amount}(provider);
    }

    /// @notice A provider names its master; with the master's claim this makes the pair.
    function announceMaster(address master) external {
        require(master != address(0) && master != msg.sender, "BadPairing");
        require(masterOf[msg.sender] == address(0) || masterOf[msg.sender] == master, "AlreadyPaired");
        _wishes[msg.sender] = master;
        emit MasterAnnounced(msg.sender, master);
        if (_claims[master][msg.sender]) _pair(msg.sender, master);
    }

    /// @notice A master ends the pairing. Bonds and lockups of the provider are untouched.
    function removeProvider(address provider) external {
        require(masterOf[provider] == msg.sender && msg.sender != address(0), "NotMaster");
        delete masterOf[provider];
        delete isProvider[provider];
        delete _claims[msg.sender][provider];
        delete _wishes[provider];
        providerCountOf[msg.sender] -= 1;
        if (providerOf[msg.sender] == provider) delete providerOf[msg.sender];
        IRoles(manager).revokeRole(PROVIDER_ROLE, provider);
        emit ProviderRemoved(provider);
    }

    /// @notice A master tells its provider app to stop a source's container: an event, no state.
    function removeContainer(address provider, address source) external {
        require(masterOf[provider] == msg.sender && msg.sender != address(0), "NotMaster");
        emit RemoveContainer(provider, source);
    }

    /// @notice Lets `agent` act for the caller: as a master for its providers, as a client for its sources and tasks;
    /// false takes it back.
    function setAgent(address agent, bool value) external {
        isAgentOf[msg.sender][agent] = value;
        emit AgentSet(msg.sender, agent, value);
    }

    /// @notice Opt out of the default agent: by a master for its providers, or by a provider for itself.
    function setDefaultAgentDisabled(bool value) external {
        defaultAgentDisabled[msg.sender] = value;
        address master = masterOf[msg.sender];
        emit DefaultAgentDisabled(master == address(0) ? msg.sender : master, value);
    }

    /// @notice Link to data about the caller's machine that rarely changes. Paired providers only ("NotProvider"); at
    /// most 8,192 bytes ("TextTooLong").
    function setBaseData(string calldata _baseData) external {
        require(isProvider[msg.sender], "NotProvider");
        require(bytes(_baseData).length <= TEXT_BYTES_MAX, "TextTooLong");
        baseDataOf[msg.sender] = _baseData;
        emit BaseDataUpdated(msg.sender);
    }

    /// @notice Link to data about the caller's present state. As `setBaseData`.
    function setLiveData(string calldata _liveData) external {
        require(isProvider[msg.sender], "NotProvider");
        require(bytes(_liveData).length <= TEXT_BYTES_MAX, "TextTooLong");
        liveDataOf[msg.sender] = _liveData;
        emit LiveDataUpdated(msg.sender);
    }

    /// @notice Timelock, with notice (Rewiring); "NotContract", "NoticeRunning".
    function setManager(address _manager) external onlyOwner {
        if (_rewireContract("manager", _manager)) manager = _manager;
    }

    /// @notice Timelock, with notice (Rewiring); "NotContract", "NoticeRunning".
    function setVault(address _vault) external onlyOwner {
        if (_rewireContract("vault", _vault)) vault = _vault;
    }

    /// @notice Nobody gets the power to act for providers without notice; taking it away needs none.
    function setDefaultAgent(address agent) external onlyOwner {
        if (agent != address(0) && !_rewire("defaultAgent", agent)) return;
        defaultAgent = agent;
        emit DefaultAgentSet(agent);
    }

    /// @notice True while `master` is paired with a provider.
    function isMaster(address master) public view returns (bool) {
        return providerCountOf[master] > 0;
    }

    /// @notice As `isMaster`.
    function getIsMaster(address master) external view returns (bool) {
        return isMaster(master);
    }

    /// @notice As `masterOf`.
    function getMasterOf(address provider) external view returns (address) {
        return masterOf[provider];
    }

    /// @notice As `isAgentOf`.
    function getIsAgentOf(address master, address agent) external view returns (bool) {
        return isAgentOf[master][agent];
    }

    /// @notice True when `caller` may register, attempt and answer for the paired `provider`: the provider itself, its
    /// master, an agent of its master, or the default agent unless either of the two opted out.
    function canActFor(address provider, address caller) external view returns (bool) {
        address master = masterOf[provider];
        if (master == address(0)) return false;
        if (caller == provider || caller == master || isAgentOf[master][caller]) return true;
        return caller == defaultAgent && caller != address(0) && !defaultAgentDisabled[master]
            && !defaultAgentDisabled[provider];
    }

    function _pair(address provider, address master) private {
        if (masterOf[provider] == master) return;
        masterOf[provider] = master;
        providerOf[master] = provider;
        providerCountOf[master] += 1;
        isProvider[provider] = true;
        IRoles(manager).grantRole(PROVIDER_ROLE, provider);
    }
}
