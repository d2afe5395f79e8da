"""What fits into the time that is left."""

from edgeopt.pipeline.clock import Clock, Turns


class Standing:
    """A clock that goes only when it is told to."""

    def __init__(self):
        self.seconds = 0.0

    def __call__(self):
        return self.seconds


def test_of_pieces_of_work_one_more_is_begun_while_it_fits_beside_what_comes_after():
    now = Standing()
    turns = Turns(Clock(100.0, 100.0, now).until(40.0))
    begun = 0
    while turns.another():
        begun += 1
        now.seconds += 25.0
    assert begun == 2  # a third would end at 75, and 60 is the end


def test_the_first_piece_is_begun_whatever_is_left():
    now = Standing()
    turns = Turns(Clock(100.0, 100.0, now).until(200.0))
    assert turns.another()
    now.seconds += 1.0
    assert not turns.another()


def test_without_a_time_all_are_begun():
    turns = Turns(None)
    assert all(turns.another() for _ in range(9))
