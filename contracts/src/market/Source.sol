// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {FixedOwner} from "./FixedOwner.sol";
import {INexus} from "./interfaces.sol";
import {DeliveryMethod, SourceParams, SourceStatus} from "./MarketTypes.sol";
import {Pages} from "./Pages.sol";

/// @title One offer of work: what to run, on what terms, who is registered, which tasks were published.
/// @notice Runs behind minimal proxies made by Nexus. Registrant ids start at one; zero means not registered. A freed
/// place is taken by the last registrant, so that pages have no holes.
contract Source is FixedOwner {
    using Pages for address[];

    SourceParams public sourceParams;
    SourceStatus public status;
    bool private _initialized;

    address[] public registrants;
    mapping(address provider => uint256 id) public registrantId;
    mapping(address provider => uint8 environment) public preferredEnvironmentOf;
    address[] public tasks;

    constructor(SourceParams memory _sourceParams) payable FixedOwner(msg.sender) {
        require(msg.value == 0, "NoValue");
        sourceParams = _sourceParams;
        _initialized = true;
    }

    /// @notice Once for each proxy, by Nexus in the transaction that makes it.
    function initialize(SourceParams calldata params) external onlyNexus {
        require(!_initialized, "Initialized");
        _initialized = true;
        sourceParams = params;
        emit OwnershipTransferred(address(0), nexus);
    }

    /// @notice Replaces the terms. Nexus only.
    function setSourceParams(SourceParams calldata _sourceParams) external onlyNexus {
        sourceParams = _sourceParams;
    }

    /// @notice By Nexus, or by the client, who may only inactivate; an inactive source stays so.
    function setStatus(SourceStatus _status) external {
        if (msg.sender == nexus) {
            require(status == SourceStatus.ACTIVE || _status == SourceStatus.INACTIVE, "SourceInactive");
            status = _status;
        } else {
            require(msg.sender == sourceParams.client, "NotOwner");
            INexus(nexus).setStatusAsClient(_status);
        }
    }

    /// @notice Puts a provider on the list. Nexus only; "AlreadyRegistered".
    /// @return id position plus one
    function register(address provider, uint8 preferredEnvironment) external onlyNexus returns (uint256 id) {
        require(registrantId[provider] == 0, "AlreadyRegistered");
        registrants.push(provider);
        id = registrants.length;
        registrantId[provider] = id;
        preferredEnvironmentOf[provider] = preferredEnvironment;
    }

    /// @notice Takes a provider off the list; the last one gets its place. Nexus only; "NotRegistered".
    function unregister(address provider) external onlyNexus {
        uint256 id = registrantId[provider];
        require(id != 0, "NotRegistered");
        uint256 lastId = registrants.length;
        if (id != lastId) {
            address last = registrants[lastId - 1];
            registrants[id - 1] = last;
            registrantId[last] = id;
        }
        registrants.pop();
        delete registrantId[provider];
        delete preferredEnvironmentOf[provider];
    }

    /// @notice Appends to the list of tasks. Nexus only.
    function publishTask(address task) external onlyNexus {
        tasks.push(task);
    }

    /// @notice Account that owns the source.
    function client() external view returns (address) {
        return sourceParams.client;
    }

    /// @notice What publishing a task needs, in one call.
    function terms() external view returns (address, SourceStatus, DeliveryMethod, uint256, uint256) {
        SourceParams storage params = sourceParams;
        return (params.client, status, params.deliveryMethod, params.minPayment, params.maxExpiryDuration);
    }

    /// @notice What registering needs, in one call.
    function admission() external view returns (SourceStatus, uint8, uint256) {
        SourceParams storage params = sourceParams;
        return (status, params.imageEnvironments, params.minAvailableLockup);
    }

    /// @notice As `client`.
    function getClient() external view returns (address) {
        return sourceParams.client;
    }

    /// @notice The present terms.
    function getSourceParams() external view returns (SourceParams memory) {
        return sourceParams;
    }

    /// @notice ACTIVE, or INACTIVE for ever.
    function getStatus() external view returns (SourceStatus) {
        return status;
    }

    /// @notice Length of the list that `getRegistrants` reads.
    function getRegistrantCount() external view returns (uint256) {
        return registrants.length;
    }

    /// @notice Position of `provider` plus one; zero: not registered.
    function getRegistrantId(address provider) external view returns (uint256) {
        return registrantId[provider];
    }

    /// @notice Registrants at `lower` to `upper`, both included; Panic(0x32) beyond the end. The published contract can
    /// only answer from 0 on.
    function getRegistrants(uint256 lower, uint256 upper) external view returns (address[] memory) {
        return registrants.slice(lower, upper);
    }

    /// @notice Length of the list that `getTasks` reads.
    function getTaskCount() external view returns (uint256) {
        return tasks.length;
    }

    /// @notice Tasks number `lower` to `upper`, both included, oldest first; Panic(0x32) beyond the end. The published
    /// contract can only answer from 0 on.
    function getTasks(uint256 lower, uint256 upper) external view returns (address[] memory) {
        return tasks.slice(lower, upper);
    }
}
