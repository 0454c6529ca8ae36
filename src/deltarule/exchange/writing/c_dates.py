"""How far round a day is, as functions of C: parts of a date that come round again, as angles."""

__all__ = ["DATE_HELPERS"]

DATE_HELPERS = {
    "month": """static double month_turn(double day)
{
    /* Years begin in March, so that the leap day is their last, in periods of 400 years. */
    double days = floor(day) + 719468;
    long left = (long)(days - 146097 * floor(days / 146097));
    long year = (left - left / 1460 + left / 36524 - left / 146096) / 365;
    long in_year = left - (365 * year + year / 4 - year / 100);
    return 6.283185307179586 * (double)(((5 * in_year + 2) / 153 + 2) % 12) / 12;
}
""",
    "weekday": """static double weekday_turn(double day)
{
    double days = floor(day) + 3; /* 1970-01-01 was a Thursday */
    return 6.283185307179586 * (days - 7 * floor(days / 7)) / 7;
}
""",
    "time": """static double time_turn(double day)
{
    return 6.283185307179586 * (day - floor(day));
}
""",
}
