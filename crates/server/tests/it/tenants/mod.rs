//! Two organizations on one platform: the application of one reads nothing of the other, changes nothing of it, and
//! cannot tell the other's ids from ids of nobody.

mod foreign;
mod places;
mod random;
mod remembered;
mod requests;
mod world;
