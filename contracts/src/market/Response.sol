// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {CloneArgs} from "./CloneArgs.sol";
import {FixedOwner} from "./FixedOwner.sol";
import {ResponseParams, ResponseStatus} from "./MarketTypes.sol";

/// @title One answer to a task.
/// @notice Runs behind minimal proxies made by Nexus; all that never changes lies in the proxy's code.
contract Response is FixedOwner {
    using CloneArgs for bytes;

    /// @dev Layout of the proxy's arguments.
    uint256 private constant TASK_AT = 0; // address
    uint256 private constant PROVIDER_AT = 20; // address
    uint256 private constant PAYMENT_AT = 40; // uint96
    uint256 private constant TIME_AT = 52; // uint40
    uint256 private constant BORN_AT = 57; // one byte: 1 when it was confirmed as it was made
    uint256 private constant DATA_AT = 58; // the rest

    bool private _confirmed;
    bool private _implementation;

    constructor(ResponseParams memory) payable FixedOwner(msg.sender) {
        require(msg.value == 0, "NoValue");
        _implementation = true;
    }

    /// @notice SUBMITTED becomes CONFIRMED. Nexus only; "AlreadyConfirmed" the second time.
    function confirm() external onlyNexus {
        require(!confirmedFinal(), "AlreadyConfirmed");
        _confirmed = true;
    }

    /// @notice A confirmed response stays confirmed, and only `confirm` confirms.
    function setStatus(ResponseStatus _status) external onlyNexus {
        require(_status == status(), confirmedFinal() ? "AlreadyConfirmed" : "BadTransition");
    }

    /// @notice True once it is CONFIRMED.
    function confirmedFinal() public view returns (bool) {
        return _confirmed || _args().readUint(BORN_AT, 1) == 1;
    }

    /// @notice SUBMITTED, or CONFIRMED for ever.
    function status() public view returns (ResponseStatus) {
        return confirmedFinal() ? ResponseStatus.CONFIRMED : ResponseStatus.SUBMITTED;
    }

    /// @notice Task, provider, link of the result, and wei asked for.
    function responseParams()
        public
        view
        returns (address task, address provider, string memory data, uint256 payment)
    {
        bytes memory args = _args();
        task = args.readAddress(TASK_AT);
        provider = args.readAddress(PROVIDER_AT);
        payment = args.readUint(PAYMENT_AT, 12);
        data = args.readText(DATA_AT);
    }

    /// @notice As `responseParams`.
    function getResponseParams() external view returns (ResponseParams memory params) {
        (params.task, params.provider, params.data, params.payment) = responseParams();
    }

    /// @notice The same without the link.
    function taskAndProvider() external view returns (address task, address provider, uint256 payment) {
        bytes memory args = _args();
        return (args.readAddress(TASK_AT), args.readAddress(PROVIDER_AT), args.readUint(PAYMENT_AT, 12));
    }

    /// @notice Unix second of the answer.
    function responseTimestamp() external view returns (uint256) {
        return _args().readUint(TIME_AT, 5);
    }

    /// @notice As `status`.
    function getStatus() external view returns (ResponseStatus) {
        return status();
    }

    function _args() private view returns (bytes memory) {
        if (_implementation) return new bytes(DATA_AT);
        return Clones.fetchCloneArgs(address(this));
    }
}
