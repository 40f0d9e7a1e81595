// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Predeploys} from "../system/Predeploys.sol";
import {Policy} from "./interfaces/IPolicyRegistry.sol";
import {IProofManager} from "./interfaces/IProofManager.sol";
import {ProofBase} from "./ProofBase.sol";

/// @dev What providers do: accept, commit, reveal, show that they live.
abstract contract ProofSeats is ProofBase, IProofManager {
    uint256 private constant URL_BYTES_MAX = 2_048;

    /// @notice A link of more than 2,048 bytes.
    error UrlTooLong(uint256 length);
    /// @notice A call between contracts that no account may make.
    error OnlyCheckpoints();

    /// @inheritdoc IProofManager
    function accept(address task, address provider) external {
        if (!terminal.canActFor(provider, msg.sender)) revert NotActor(provider, msg.sender);
        Facts memory facts = _facts(task);
        Work storage work = _work[task];
        if (!work.opened) _open(work, facts);
        _requirePhase(task, work, Phase.Open);
        if (block.timestamp > facts.expiryTime) revert TooLate(block.timestamp, facts.expiryTime);

        uint256 seat = _freeSeat(task, work, provider);
        Place storage place = _places[task][seat];
        place.provider = provider;
        place.state = SeatState.Accepted;
        place.lastSeen = uint40(block.number);
        place.acceptedAt = uint40(block.number);
        place.digest = 0;
        _seatIds[task][provider] = seat + 1;
        work.active += 1;
        Policy memory p = _policy(work.policyId);
        if (work.deadline == 0) work.deadline = uint64(block.number + p.acceptBlocks);
        emit Accepted(task, provider, seat, work.bond);

        if (work.bond > 0) _router().reserve(provider, work.bond, REASON_SEAT);
        nexus.attemptFor(task, provider, _seatPay(p, _budget(work, facts.payment)));
        if (work.active == work.redundancy) _startCommits(task, work);
    }

    /// @inheritdoc IProofManager
    function commit(address task, address provider, bytes32 sealedDigest) external {
        _requireActor(provider);
        if (sealedDigest == 0) revert SealMissing();
        Work storage work = _work[task];
        Phase phase = work.phase;
        if (!work.opened || (phase != Phase.Open && phase != Phase.Assigned)) revert WrongPhase(task, phase);
        if (phase == Phase.Assigned && block.number > work.deadline) revert TooLate(block.number, work.deadline);
        Place storage place = _find(task, provider);
        if (place.state != SeatState.Accepted) revert AlreadyCommitted(task, provider);
        place.state = SeatState.Committed;
        place.lastSeen = uint40(block.number);
        place.digest = sealedDigest;
        work.committed += 1;
        emit Committed(task, provider, sealedDigest);
        if (phase == Phase.Assigned && work.committed == work.active) _startReveals(task, work);
    }

    /// @inheritdoc IProofManager
    function reveal(
        address task,
        address provider,
        bytes32 outRoot,
        bytes32 traceRoot,
        bytes32 blobId,
        string calldata url,
        bytes32 salt
    ) external {
        _requireActor(provider);
        Work storage work = _work[task];
        _requirePhase(task, work, Phase.Revealing);
        if (block.number > work.deadline) revert TooLate(block.number, work.deadline);
        if (bytes(url).length > URL_BYTES_MAX) revert UrlTooLong(bytes(url).length);
        Place storage place = _find(task, provider);
        if (
            place.state != SeatState.Committed
                || place.digest != sealOf(task, provider, outRoot, traceRoot, blobId, salt)
        ) revert SealMismatch(task, provider);
        place.state = SeatState.Revealed;
        place.digest = digestOf(outRoot, traceRoot);
        if (bytes(url).length == 0) {
            place.blobId = blobId;
        } else {
            place.linked = true;
            place.blobId = _linkHash(blobId, url);
        }
        work.revealed += 1;
        emit Revealed(task, provider, outRoot, traceRoot, blobId, url);
        if (work.revealed == work.active) _closeReveals(task, work);
    }

    /// @inheritdoc IProofManager
    function heartbeat(address task, address provider) external {
        _requireActor(provider);
        _touch(task, provider);
    }

    /// @notice A checkpoint is a heartbeat. Checkpoints contract only, which has checked the caller.
    function touch(address task, address provider) external returns (uint256 policyId, uint8 retried) {
        if (msg.sender != Predeploys.CHECKPOINTS) revert OnlyCheckpoints();
        _touch(task, provider);
        return (_work[task].policyId, _work[task].retried);
    }

    function _touch(address task, address provider) private {
        Work storage work = _work[task];
        if (!work.opened || (work.phase != Phase.Open && work.phase != Phase.Assigned)) {
            revert WrongPhase(task, work.phase);
        }
        Place storage place = _find(task, provider);
        if (place.state != SeatState.Accepted) revert AlreadyCommitted(task, provider);
        place.lastSeen = uint40(block.number);
        emit Heartbeat(task, provider, block.number);
    }

    function _open(Work storage work, Facts memory facts) private {
        Policy memory p = _policy(facts.policyId);
        work.opened = true;
        work.bond = uint96(_bond(p, facts.payment));
        work.policyId = uint64(facts.policyId);
        work.commitBlocks = p.commitBlocks;
        work.revealBlocks = p.revealBlocks;
        work.redundancy = p.redundancy;
        work.quorum = p.quorum;
        work.class = _classOf(p.programId);
    }

    /// @dev First free seat; refuses a provider that is seated, and a second provider of one master.
    function _freeSeat(address task, Work storage work, address provider) private view returns (uint256 seat) {
        address master = terminal.masterOf(provider);
        if (isBarred[task][master]) revert SameMaster(task, master);
        seat = type(uint256).max;
        for (uint256 i = work.redundancy; i > 0; i--) {
            Place storage place = _places[task][i - 1];
            if (!_isHeld(place)) {
                seat = i - 1;
                continue;
            }
            if (place.provider == provider) revert AlreadySeated(task, provider);
            if (terminal.masterOf(place.provider) == master) revert SameMaster(task, master);
        }
        if (seat == type(uint256).max) revert WrongPhase(task, work.phase);
    }
}
