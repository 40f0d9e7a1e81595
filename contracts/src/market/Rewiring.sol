// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title Long notice before governance may replace a contract that money or decisions depend on.
/// @notice The first call of a setter announces the new address; the same call again, after `REWIRING_NOTICE` and within
/// `REWIRING_GRACE`, makes the change. The notice is longer than every unbonding and vesting period, so that everybody who
/// does not agree can leave with everything before it takes effect. While the genesis is made (block 0) it is at once.
abstract contract Rewiring {
    uint256 public constant REWIRING_NOTICE = 75 days;
    uint256 public constant REWIRING_GRACE = 14 days;

    struct Notice {
        address next;
        uint64 from; // Unix second
    }

    /// @notice Key: keccak256 of the part's name, as in the event.
    mapping(bytes32 part => Notice) public noticeOf;

    /// @notice `part` may be replaced by `next` from Unix second `from` on.
    event RewiringAnnounced(string part, address next, uint256 from);
    /// @notice `part` is `next` now.
    event Rewired(string part, address next);

    /// @return due true when the caller is to make the change now
    function _rewire(string memory part, address next) internal returns (bool due) {
        Notice storage notice = noticeOf[keccak256(bytes(part))];
        uint256 from = notice.from;
        bool fresh = from == 0 || notice.next != next || block.timestamp > from + REWIRING_GRACE;
        if (fresh && block.number != 0) {
            from = block.timestamp + REWIRING_NOTICE;
            (notice.next, notice.from) = (next, uint64(from));
            emit RewiringAnnounced(part, next, from);
            return false;
        }
        require(fresh || block.timestamp >= from, "NoticeRunning");
        (notice.next, notice.from) = (address(0), 0);
        emit Rewired(part, next);
        return true;
    }

    function _rewireContract(string memory part, address next) internal returns (bool due) {
        require(next.code.length > 0, "NotContract");
        return _rewire(part, next);
    }
}
