// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {ITerminal, IVault} from "../market/interfaces.sol";
import {Pages} from "../market/Pages.sol";
import {Predeploys} from "../system/Predeploys.sol";
import {AuditOrder, IProofManagerLayer, IStakeRouterLayer} from "./ILayer.sol";
import {IAuditManager} from "./interfaces/IAuditManager.sol";

/// @title Implementation of IAuditManager, whose comments say what each function does.
/// @dev Draws are uniform over enrolled identities, each of which costs at least the minimum stake. Its balance in the
/// Vault is the audit pool, which tops up later audit fees. The owner (timelock) sets the minimum stake only.
contract AuditManager is IAuditManager, Ownable {
    using Pages for address[];

    uint256 private constant BPS = 10_000;
    uint256 private constant SILENT_BPS = 500;
    uint256 private constant WRONG_BPS = 10_000;
    /// @dev Places looked at for one draw before it is given up.
    uint256 private constant PROBES_MAX = 64;
    /// @dev Part of the audit pool that one audit may pay out, at most as much again as its fee.
    uint256 private constant POOL_BPS = 100;
    bytes32 private constant REASON = "auditor";

    struct Case {
        uint8 round;
        bool open;
        bool revealing;
        bool decided;
        bool split;
        bool exact;
        uint8 drawn; // in this round
        uint8 committed; // in this round
        uint8 revealed; // in this round
        uint8 quorum;
        uint8 jury;
        uint32 auditBlocks;
        uint64 commitDeadline;
        uint64 revealDeadline;
        address client;
        bytes32 seed;
        bytes32 expected;
        bytes32 verdict;
    }

    IVault public immutable vault;
    ITerminal public immutable terminal;

    uint256 public minStake;
    address[] private _auditors;
    mapping(address auditor => uint256 id) private _ids; // position plus one; zero: not drawn any more
    mapping(address auditor => uint256) public stakeOf;
    mapping(address auditor => uint256 count) public openAuditsOf;
    mapping(address task => Case) private _cases;
    mapping(address task => Vote[]) private _votes;
    mapping(address task => address[]) private _providers;

    /// @notice The timelock set the stake of auditors, wei.
    event MinStakeSet(uint256 minStake);

    modifier onlyProofManager() {
        if (msg.sender != Predeploys.PROOF_MANAGER) revert OnlyProofManager();
        _;
    }

    constructor(address vault_, address terminal_, uint256 minStake_) Ownable(msg.sender) {
        vault = IVault(vault_);
        terminal = ITerminal(terminal_);
        minStake = minStake_;
    }

    /// @notice Wei; auditors with less stay until they are slashed. Timelock.
    function setMinStake(uint256 minStake_) external onlyOwner {
        minStake = minStake_;
        emit MinStakeSet(minStake_);
    }

    // ---------------------------------------------------------------- enrolment

    /// @inheritdoc IAuditManager
    function enrol(uint256 stake) external {
        if (stake < minStake || stake == 0) revert AuditorStakeTooLow(stake, minStake);
        if (stakeOf[msg.sender] != 0) revert AlreadyEnrolled(msg.sender);
        stakeOf[msg.sender] = stake;
        _auditors.push(msg.sender);
        _ids[msg.sender] = _auditors.length;
        emit AuditorEnrolled(msg.sender, stake);
        _router().reserve(msg.sender, stake, REASON);
    }

    /// @inheritdoc IAuditManager
    function resign() external {
        uint256 stake = stakeOf[msg.sender];
        if (stake == 0) revert NotEnrolled(msg.sender);
        if (openAuditsOf[msg.sender] != 0) revert AuditsOpen(msg.sender, openAuditsOf[msg.sender]);
        stakeOf[msg.sender] = 0;
        _strike(msg.sender);
        emit AuditorLeft(msg.sender, stake);
        _router().release(msg.sender, stake, REASON);
    }

    // ---------------------------------------------------------------- an audit

    /// @notice ProofManager only: draws the first committee. Zero when no auditor is free of conflicts.
    function open(AuditOrder calldata order) external onlyProofManager returns (uint256 drawn) {
        Case storage c = _cases[order.task];
        // Another try of the task starts with a clean slate.
        delete _providers[order.task];
        delete _votes[order.task];
        c.decided = false;
        c.verdict = 0;
        for (uint256 i = 0; i < order.providers.length; i++) _providers[order.task].push(order.providers[i]);
        c.client = order.client;
        drawn = _draw(order.task, c, order.seed, order.auditors, 1);
        if (drawn == 0) return 0;
        c.open = true;
        c.split = order.split;
        c.exact = order.exact;
        c.seed = order.seed;
        c.expected = order.expected;
        c.quorum = order.quorum;
        c.jury = order.jury;
        c.auditBlocks = order.auditBlocks;
        _startRound(order.task, c, 1, drawn);
    }

    /// @inheritdoc IAuditManager
    function commitAudit(address task, bytes32 sealedVerdict) external {
        Case storage c = _cases[task];
        Vote storage vote = _voteOf(task, c, msg.sender);
        if (c.revealing || vote.committed || sealedVerdict == 0 || block.number > c.commitDeadline) {
            revert AuditPhase(task);
        }
        vote.committed = true;
        vote.verdict = sealedVerdict;
        c.committed += 1;
        emit AuditCommitted(task, msg.sender, sealedVerdict);
        if (c.committed == c.drawn) _startReveals(task, c);
    }

    /// @inheritdoc IAuditManager
    function revealAudit(address task, bytes32 verdict, bytes32 report, bytes32 salt) external {
        Case storage c = _cases[task];
        Vote storage vote = _voteOf(task, c, msg.sender);
        if (!c.revealing && block.number > c.commitDeadline && c.committed > 0) _startReveals(task, c);
        if (!c.revealing || !vote.committed || vote.revealed || block.number > c.revealDeadline) {
            revert AuditPhase(task);
        }
        if (vote.verdict != sealOf(task, msg.sender, verdict, report, salt)) {
            revert AuditSealMismatch(task, msg.sender);
        }
        vote.revealed = true;
        vote.verdict = verdict;
        vote.report = report;
        c.revealed += 1;
        emit AuditRevealed(task, msg.sender, verdict, report);
        if (c.revealed == c.committed) _close(task, c);
    }

    /// @inheritdoc IAuditManager
    function resolve(address task) external {
        Case storage c = _cases[task];
        if (!c.open) revert AuditPhase(task);
        if (!c.revealing) {
            if (block.number <= c.commitDeadline) revert AuditPhase(task);
            if (c.committed > 0) _startReveals(task, c);
            else _close(task, c);
        } else {
            if (block.number <= c.revealDeadline) revert AuditPhase(task);
            _close(task, c);
        }
    }

    /// @notice ProofManager only: draws a jury for a closed audit whose decision was the task's planted error.
    function reopen(address task, uint256 jury) external onlyProofManager returns (uint256 drawn) {
        Case storage c = _cases[task];
        drawn = _draw(task, c, c.seed, jury, c.round + 1);
        if (drawn == 0) return 0;
        c.open = true;
        c.decided = false;
        _startRound(task, c, c.round + 1, drawn);
    }

    /// @notice ProofManager only: who shares the audit fee; adds a bonus from the audit pool.
    function settle(address task, uint256 fee) external onlyProofManager returns (address[] memory right, uint256 each) {
        right = rightAuditors(task);
        Vote[] storage votes = _votes[task];
        for (uint256 i = 0; i < votes.length; i++) if (votes[i].revealed) openAuditsOf[votes[i].auditor] -= 1;
        if (right.length == 0) return (right, 0);
        each = fee / right.length;
        uint256 bonus = (vault.balanceOf(address(this)) * POOL_BPS) / BPS;
        if (bonus > fee) bonus = fee;
        uint256 bonusEach = bonus / right.length;
        for (uint256 i = 0; i < right.length; i++) {
            if (bonusEach > 0) vault.transfer(right[i], bonusEach);
            emit AuditorPaid(task, right[i], each + bonusEach);
        }
    }

    // ---------------------------------------------------------------- views

    /// @notice Auditors whose verdict became the decision, and whose report is that of most of them; empty when there was
    /// no decision.
    function rightAuditors(address task) public view returns (address[] memory right) {
        Case storage c = _cases[task];
        if (c.open || !c.decided) return new address[](0);
        Vote[] storage votes = _votes[task];
        right = new address[](votes.length);
        uint256 count = 0;
        (bool agreed, bytes32 report) = _reportOf(task, c);
        for (uint256 i = 0; i < votes.length; i++) {
            if (!votes[i].revealed || votes[i].verdict != c.verdict) continue;
            if (!agreed || votes[i].report == report) right[count++] = votes[i].auditor;
        }
        assembly ("memory-safe") {
            mstore(right, count)
        }
    }

    /// @inheritdoc IAuditManager
    function isAuditor(address account) external view returns (bool) {
        return _ids[account] != 0;
    }

    /// @inheritdoc IAuditManager
    function auditorCount() external view returns (uint256) {
        return _auditors.length;
    }

    /// @inheritdoc IAuditManager
    function auditors(uint256 lower, uint256 upper) external view returns (address[] memory) {
        return _auditors.slice(lower, upper);
    }

    /// @inheritdoc IAuditManager
    function auditOf(address task) external view returns (Audit memory) {
        Case storage c = _cases[task];
        return Audit({
            round: c.round,
            open: c.open,
            drawn: c.drawn,
            committed: c.committed,
            revealed: c.revealed,
            commitDeadline: c.commitDeadline,
            revealDeadline: c.revealDeadline,
            seed: c.seed
        });
    }

    /// @inheritdoc IAuditManager
    function votesOf(address task) external view returns (Vote[] memory) {
        return _votes[task];
    }

    /// @inheritdoc IAuditManager
    function isDrawn(address task, address auditor) external view returns (bool) {
        Case storage c = _cases[task];
        if (!c.open) return false;
        Vote[] storage votes = _votes[task];
        for (uint256 i = 0; i < votes.length; i++) {
            if (votes[i].auditor == auditor && votes[i].round == c.round) {
                return c.revealing ? votes[i].committed && !votes[i].revealed : !votes[i].committed;
            }
        }
        return false;
    }

    /// @inheritdoc IAuditManager
    function sealOf(address task, address auditor, bytes32 verdict, bytes32 report, bytes32 salt)
        public
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(task, auditor, verdict, report, salt));
    }

    // ---------------------------------------------------------------- inside

    function _startRound(address task, Case storage c, uint8 round, uint256 drawn) private {
        c.round = round;
        c.drawn = uint8(drawn);
        c.committed = 0;
        c.revealed = 0;
        c.revealing = false;
        c.commitDeadline = uint64(block.number + c.auditBlocks);
        c.revealDeadline = 0;
        Vote[] storage votes = _votes[task];
        for (uint256 i = votes.length - drawn; i < votes.length; i++) {
            emit AuditDrawn(task, votes[i].auditor, round, c.commitDeadline);
        }
    }

    function _startReveals(address task, Case storage c) private {
        c.revealing = true;
        c.revealDeadline = uint64(block.number + c.auditBlocks);
        emit AuditRevealOpened(task, c.round, c.revealDeadline);
    }

    function _voteOf(address task, Case storage c, address auditor) private view returns (Vote storage vote) {
        if (!c.open) revert AuditPhase(task);
        Vote[] storage votes = _votes[task];
        for (uint256 i = votes.length; i > 0; i--) {
            vote = votes[i - 1];
            if (vote.auditor == auditor && vote.round == c.round) return vote;
        }
        revert NotDrawn(task, auditor);
    }

    /// @dev Picks up to `count` auditors without a conflict, each at most once for a task.
    function _draw(address task, Case storage c, bytes32 seed, uint256 count, uint8 round)
        private
        returns (uint256 drawn)
    {
        uint256 length = _auditors.length;
        if (length == 0) return 0;
        address[] memory parties = _parties(task, c.client);
        uint256 probes = length < PROBES_MAX ? length : PROBES_MAX;
        for (uint256 i = 0; i < count; i++) {
            uint256 start = uint256(keccak256(abi.encode(seed, round, i))) % length;
            for (uint256 j = 0; j < probes; j++) {
                address auditor = _auditors[(start + j) % length];
                if (_conflicts(task, auditor, parties)) continue;
                _votes[task].push(Vote(auditor, round, false, false, 0, 0));
                openAuditsOf[auditor] += 1;
                drawn += 1;
                break;
            }
        }
    }

    /// @dev The client, the seated providers and their masters.
    function _parties(address task, address client) private view returns (address[] memory parties) {
        address[] storage providers = _providers[task];
        parties = new address[](1 + 2 * providers.length);
        parties[0] = client;
        for (uint256 i = 0; i < providers.length; i++) {
            parties[1 + 2 * i] = providers[i];
            parties[2 + 2 * i] = terminal.masterOf(providers[i]);
        }
    }

    function _conflicts(address task, address auditor, address[] memory parties) private view returns (bool) {
        address master = terminal.masterOf(auditor);
        for (uint256 i = 0; i < parties.length; i++) {
            if (parties[i] == auditor || (master != address(0) && parties[i] == master)) return true;
        }
        Vote[] storage votes = _votes[task];
        for (uint256 i = 0; i < votes.length; i++) if (votes[i].auditor == auditor) return true;
        return false;
    }

    /// @dev End of a round: silent auditors pay; then the decision, or a jury when it contradicts the providers.
    function _close(address task, Case storage c) private {
        _punishSilent(task, c);
        (bool decided, bytes32 verdict, uint256 count) = _tally(task, c);
        bool contradicts = !decided || (!c.split && verdict != c.expected);
        if (c.round == 1 && c.jury > 0 && contradicts) {
            emit AuditResolved(task, 1, decided, verdict);
            uint256 drawn = _draw(task, c, c.seed, c.jury, 2);
            if (drawn > 0) {
                _startRound(task, c, 2, drawn);
                return;
            }
        }
        c.open = false;
        c.decided = decided;
        c.verdict = verdict;
        emit AuditResolved(task, c.round, decided, verdict);
        Vote[] storage votes = _votes[task];
        (bool agreed, bytes32 report) = _reportOf(task, c);
        for (uint256 i = 0; i < votes.length; i++) {
            if (!votes[i].revealed) continue;
            // One vote alone is no ground to call another one wrong.
            if (decided && count > 1 && votes[i].verdict != verdict) {
                _punish(task, c.client, votes[i].auditor, WRONG_BPS, false);
            } else if (agreed && votes[i].verdict == verdict && votes[i].report != report) {
                _punish(task, c.client, votes[i].auditor, SILENT_BPS, false);
            }
        }
        IProofManagerLayer(Predeploys.PROOF_MANAGER).onVerdict(task, decided, verdict);
    }

    /// @dev Over all rounds. First round: the policy's quorum. Jury: more than half of all revealed votes.
    function _tally(address task, Case storage c) private view returns (bool decided, bytes32 verdict, uint256 count) {
        Vote[] storage votes = _votes[task];
        uint256 revealed = 0;
        for (uint256 i = 0; i < votes.length; i++) {
            if (!votes[i].revealed) continue;
            revealed++;
            uint256 equal = 0;
            for (uint256 j = 0; j < votes.length; j++) {
                if (votes[j].revealed && votes[j].verdict == votes[i].verdict) equal++;
            }
            if (equal > count) (verdict, count) = (votes[i].verdict, equal);
        }
        decided = count * 2 > revealed && count >= (c.round == 1 ? c.quorum : c.drawn / 2 + 1);
        if (!decided) verdict = 0;
    }

    /// @dev The report of more than half of those who are right. Who only repeats a digest that it saw cannot make it:
    /// it is a hash over parts of the computation that the seed of the draw picks.
    function _reportOf(address task, Case storage c) private view returns (bool agreed, bytes32 report) {
        if (!c.exact || !c.decided) return (false, 0);
        Vote[] storage votes = _votes[task];
        uint256 right = 0;
        uint256 most = 0;
        for (uint256 i = 0; i < votes.length; i++) {
            if (!votes[i].revealed || votes[i].verdict != c.verdict) continue;
            right++;
            uint256 equal = 0;
            for (uint256 j = 0; j < votes.length; j++) {
                Vote storage other = votes[j];
                if (other.revealed && other.verdict == c.verdict && other.report == votes[i].report) equal++;
            }
            if (equal > most) (report, most) = (votes[i].report, equal);
        }
        agreed = most * 2 > right;
    }

    function _punishSilent(address task, Case storage c) private {
        Vote[] storage votes = _votes[task];
        for (uint256 i = 0; i < votes.length; i++) {
            Vote storage vote = votes[i];
            if (vote.round != c.round || vote.revealed) continue;
            openAuditsOf[vote.auditor] -= 1;
            _punish(task, c.client, vote.auditor, SILENT_BPS, true);
        }
    }

    function _punish(address task, address client, address auditor, uint256 bps, bool silent) private {
        uint256 stake = stakeOf[auditor];
        uint256 amount = (stake * bps) / BPS;
        stakeOf[auditor] = stake - amount;
        if (stake - amount < minStake) _strike(auditor);
        if (amount > 0) _router().slash(auditor, amount, false, task, client, new address[](0), 0);
        emit AuditorSlashed(task, auditor, amount, silent);
    }

    /// @dev Takes an auditor off the list of those who can be drawn.
    function _strike(address auditor) private {
        uint256 id = _ids[auditor];
        if (id == 0) return;
        address last = _auditors[_auditors.length - 1];
        _auditors[id - 1] = last;
        _ids[last] = id;
        _auditors.pop();
        delete _ids[auditor];
    }

    function _router() private pure returns (IStakeRouterLayer) {
        return IStakeRouterLayer(Predeploys.STAKE_ROUTER);
    }
}
